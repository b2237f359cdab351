import type { ClaimedJob, Note } from "../contract/index.ts";
import type { JobDescriptor } from "../core/descriptor.ts";
import type { JobCodec } from "../core/job-codec.ts";
import { type LogLine, printLogLine } from "../core/log-line.ts";
import type { Vault } from "../core/vault.ts";
import { leaseOf } from "./rejection.ts";
import type { Settler } from "./settler.ts";
import type { JobLog } from "./types.ts";

export interface KeptLogSetting {
  /** Lines per attempt; a last one says that there were more. */
  readonly limit: number;
  readonly vault: Pick<Vault, "seal">;
  readonly keep: (note: Note) => void;
}

/** What `ctx.log` keeps of a definition's jobs; undefined: nothing. */
export function keptLogOf(
  { keepLogs }: JobDescriptor,
  { vault }: JobCodec,
  { note }: Pick<Settler, "note">,
): KeptLogSetting | undefined {
  return keepLogs ? { limit: keepLogs, vault, keep: note } : undefined;
}

/** Longer messages are cut. */
export const maxLogMessage = 4_000;

/** A log whose lines also stay with the job. Fields go to the logger alone: they may be anything. */
export function createKeptLog(job: ClaimedJob, log: JobLog, { limit, vault, keep }: KeptLogSetting): JobLog {
  let count = 0;

  function write(level: LogLine["level"], message: string): void {
    if (++count > limit + 1) return;
    const kept = count > limit ? "Further lines are not kept." : message.slice(0, maxLogMessage);
    const text = printLogLine({ at: new Date(), level, message: kept, attempt: job.attempt });
    // Lines of one attempt sort by their number; the fence tells attempts apart.
    const key = `${job.fence}.${String(count).padStart(4, "0")}`;
    keep({ ...leaseOf({ job }), kind: "log", key, text: vault.seal("note", text, job.id) });
  }

  const both =
    (level: LogLine["level"]): JobLog["info"] =>
    (message, fields) => {
      log[level](message, fields);
      write(level, `${message}`);
    };
  return { debug: both("debug"), info: both("info"), warn: both("warn"), error: both("error") };
}
