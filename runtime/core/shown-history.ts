import type { JobHistory, JobRecord } from "../contract/index.ts";
import type { JobDescriptor } from "./descriptor.ts";
import { isSealed } from "./encryption.ts";
import { type LogLine, parseLogLine } from "./log-line.ts";
import { progressKey, progressText } from "./progress.ts";
import { mask } from "./redaction.ts";
import { encryptedMark, reveal, type Show, shownError, showOf } from "./shown-job.ts";

/** What people may see of what a job left behind. Results of steps are never shown: nobody says what is sensitive in them. */
export interface ShownHistory extends Pick<JobHistory, "attempts"> {
  /** Names of the steps whose results are kept. */
  readonly steps: readonly string[];
  /** Names of the iterations that keep how far they came. */
  readonly iterations: readonly string[];
  /** The last value of typed progress as JSON; undefined if there is none. */
  readonly progress: string | undefined;
  readonly logs: readonly ShownLogLine[];
}

/** The message alone is there if the line is not to be shown. */
export interface ShownLogLine extends Partial<Omit<LogLine, "at" | "message">> {
  /** Ms since the epoch, by the worker's clock. */
  readonly at?: number;
  readonly message: string;
}

/** `record`: of the job whose history it is. */
export function shownHistory(
  history: JobHistory,
  record: Pick<JobRecord, "version">,
  job: JobDescriptor | undefined,
): ShownHistory {
  // What a handler logs has no schema; of a job that hides all, it is hidden, too.
  const isOpen = job !== undefined && !job.encrypted;
  return historyView(history, showOf(record, job), (text) => (isOpen ? readable(text) : { message: mask }));
}

/** With everything that is sensitive. What is encrypted stays so. */
export function revealedHistory(history: JobHistory): ShownHistory {
  return historyView(history, reveal, readable);
}

function historyView(
  { attempts, steps, cursors, logs }: JobHistory,
  show: Show,
  showLine: (text: string) => ShownLogLine,
): ShownHistory {
  const progress = progressText({ cursors });
  return {
    attempts: attempts.map(({ error, ...attempt }) => ({ ...attempt, error: error && shownError(error, show) })),
    steps: steps.map(({ key }) => key),
    iterations: cursors.map(({ key }) => key).filter((key) => key !== progressKey),
    progress: progress === undefined ? undefined : show(progress, "progress"),
    logs: logs.map(({ text }) => (isSealed(text) ? { message: encryptedMark } : showLine(text))),
  };
}

function readable(text: string): ShownLogLine {
  try {
    const { at, ...line } = parseLogLine(text);
    return { at: at.getTime(), ...line };
  } catch {
    // Not written by a worker of this version; the text is all there is to show.
    return { message: text };
  }
}
