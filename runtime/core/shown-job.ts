import type { JobRecord, StoredError } from "../contract/index.ts";
import type { JobDescriptor } from "./descriptor.ts";
import { isSealed } from "./encryption.ts";
import { openEnvelope, type Settings } from "./envelope.ts";
import { redacted, redactText, type Sensitive } from "./redaction.ts";

/** A job as people may see it: nothing sensitive, nothing encrypted. */
export interface ShownJob extends JobRecord {
  /** The encoded input alone. JSON, unless it was damaged. */
  readonly payload: string;
  /** Texts that the caller of `enqueue` gave along. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
}

/** JSON, as every text is whose place it takes. */
const encrypted = JSON.stringify("[encrypted]");

/** `job`: its definition; without it nobody knows what is sensitive, so payload, output and error data are masked whole. */
export function shownJob(record: JobRecord, job: JobDescriptor | undefined): ShownJob {
  return view(record, (text, side) => shownText(text, side, record, job));
}

function view(record: JobRecord, show: (text: string, side: keyof Sensitive) => string): ShownJob {
  const { payload, settings } = bareJob(record);
  const { output, error } = record;
  return {
    ...record,
    payload: show(payload, "input"),
    metadata: settings?.metadata ?? {},
    tags: settings?.tags ?? [],
    output: output === undefined ? undefined : show(output, "output"),
    error: error && shownError(error, (text) => show(text, "errors")),
  };
}

/** With everything that is sensitive. What is encrypted stays so: it takes a key to read it. */
export function revealedJob(record: JobRecord): ShownJob {
  return view(record, (text) => (isSealed(text) ? encrypted : text));
}

function bareJob({ payload }: JobRecord): { readonly payload: string; readonly settings: Settings | undefined } {
  try {
    return openEnvelope(payload);
  } catch {
    // Not written by a client of this version; the text is all there is to show.
    return { payload, settings: undefined };
  }
}

function shownText(text: string, side: keyof Sensitive, record: JobRecord, job: JobDescriptor | undefined): string {
  if (isSealed(text)) return encrypted;
  if (!job || job.encrypted) return redacted;
  const paths = job.sensitive?.[side];
  if (!paths) return text;
  // The places of another version of the payload may be others.
  return record.version === job.version ? redactText(text, paths) : redacted;
}

function shownError(error: StoredError, show: (text: string) => string): StoredError {
  return error.data === undefined ? error : { ...error, data: show(error.data) };
}
