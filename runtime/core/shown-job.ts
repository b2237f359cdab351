import type { JobRecord, StoredError } from "../contract/index.ts";
import type { JobDescriptor } from "./descriptor.ts";
import { isSealed } from "./encryption.ts";
import { openEnvelope, type Settings } from "./envelope.ts";
import { mask, redacted, redactText, type Sensitive } from "./redaction.ts";

/** A job as people may see it: nothing sensitive, nothing encrypted. */
export interface ShownJob extends JobRecord {
  /** The encoded input alone. JSON, unless it was damaged. */
  readonly payload: string;
  /** Texts that the caller of `enqueue` gave along. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
}

/** Stands for what it takes a key to read. */
export const encryptedMark = "[encrypted]";
/** JSON, as every text is whose place it takes. */
const encrypted = JSON.stringify(encryptedMark);

/** What stands for a text of a job. */
export type Show = (text: string, side: keyof Sensitive | "template") => string;

/** `job`: its definition; without it nobody knows what is sensitive, so payload, output and error data are masked whole. */
export function shownJob(record: JobRecord, job: JobDescriptor | undefined): ShownJob {
  const blockedBy = record.blockedBy === undefined ? undefined : shownKey(record.blockedBy, job);
  return { ...view(record, showOf(record, job)), blockedBy };
}

/** The key of a group has values of the input in it: `sendEmail.order:["ada"]`. */
function shownKey(key: string, job: JobDescriptor | undefined): string {
  if (!job) return mask;
  if (!job.sensitive?.input) return key;
  const policy = job.gates?.map((gate) => gate.policy).find((one) => key === one || key.startsWith(`${one}:`));
  if (policy === key) return key;
  return policy === undefined ? mask : `${policy}:${mask}`;
}

function view(record: JobRecord, show: Show): ShownJob {
  const { payload, settings } = bareJob(record);
  const { output, error } = record;
  return {
    ...record,
    payload: show(payload, settings?.flow?.template ? "template" : "input"),
    metadata: settings?.metadata ?? {},
    tags: settings?.tags ?? [],
    output: output === undefined ? undefined : show(output, "output"),
    error: error && shownError(error, show),
  };
}

/** With everything that is sensitive. What is encrypted stays so: it takes a key to read it. */
export function revealedJob(record: JobRecord): ShownJob {
  return view(record, reveal);
}

/** All that can be read. */
export const reveal: Show = (text) => (isSealed(text) ? encrypted : text);

function bareJob({ payload }: JobRecord): { readonly payload: string; readonly settings: Settings | undefined } {
  try {
    return openEnvelope(payload);
  } catch {
    // Not written by a client of this version; the text is all there is to show.
    return { payload, settings: undefined };
  }
}

/** What the definition lets people see; `record`: of the job. */
export function showOf({ version }: Pick<JobRecord, "version">, job: JobDescriptor | undefined): Show {
  return (text, side) => {
    if (isSealed(text)) return encrypted;
    if (!job || job.encrypted) return redacted;
    // The places of an input are not those of its template.
    if (side === "template") return job.sensitive?.input ? redacted : text;
    const paths = job.sensitive?.[side];
    if (!paths) return text;
    // The places of another version of the payload may be others.
    return version === job.version ? redactText(text, paths) : redacted;
  };
}

export function shownError(error: StoredError, show: Show): StoredError {
  return error.data === undefined ? error : { ...error, data: show(error.data, "errors") };
}
