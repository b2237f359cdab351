import { type JobChange, JobwrightError, type NewJob, type UniqueKey } from "../contract/index.ts";
import type { JobDescriptor, UniquePolicy } from "./descriptor.ts";
import { type Duration, parseDuration, shown } from "./duration.ts";
import { type FlowPlace, sealEnvelope, type Settings } from "./envelope.ts";
import { gatesOf } from "./gates.ts";
import type { JobCodec } from "./job-codec.ts";
import type { LoadedJob } from "./schema-module.ts";
import { pick } from "./unique-key.ts";

/** What holds for every job of one call. */
export interface EnqueueSettings {
  /** Wait this long before the first attempt. Default: none. */
  readonly delay?: Duration;
  /** Not before this time, by the provider's clock. Wins over `delay`. */
  readonly runAt?: Date;
  /** −32,768…32,767, smaller is offered first. Default: the job definition's. */
  readonly priority?: number;
  /** Give the job up if no worker has begun it so long after it was due. Default: the job definition's. */
  readonly expireAfter?: Duration;
  /** Time limit of one attempt. Default: the job definition's. */
  readonly timeout?: Duration;
  /** Counted executions. Default: the job definition's. */
  readonly maxAttempts?: number;
  /** Texts that stay with the job, for people and tracing: `ctx.metadata`. At most 4 KiB. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Texts that `list` can search for. At most 10, of 128 characters each. Default: none. */
  readonly tags?: readonly string[];
}

/** What a caller of `enqueue` may say. */
export interface OneJobOptions extends EnqueueSettings {
  /** UUID to enqueue under: a second enqueue with the same id is the same job. Default: a new UUIDv7. */
  readonly id?: string;
  /** The unique key instead of the one made of the input; `false`: none. Default: as the job definition says. */
  readonly unique?: string | false;
}

/** All of it is checked, whatever the types allowed. */
export interface NewJobOptions extends OneJobOptions {
  /** The payload will be that of other jobs than this one: a schedule gives it to each of its slots. Default false. */
  readonly forAnyId?: boolean;
  /** The node that the job is. Default: none. */
  readonly flow?: FlowPlace;
  /** What is stored instead of the input, which is made of it when the job is claimed. Only with `flow.template`. */
  readonly template?: string;
}

export interface JobMaker {
  readonly job: JobDescriptor;
  readonly codec: JobCodec;
  readonly loaded: LoadedJob;
  readonly newId: () => string;
}

/** Validates an input and its options. Throws `JW_INVALID_INPUT`, `JW_INVALID_OPTION`, `JW_PAYLOAD_TOO_LARGE`, `JW_ENCRYPTION_KEY`. */
export function makeJob({ job, codec, loaded, newId }: JobMaker, value: unknown, options: NewJobOptions): NewJob {
  if (options.template !== undefined) refuseKeys(job);
  const input = options.template ?? codec.encodeInput(value);
  const wire = once(() => JSON.parse(input) as unknown); // what was encoded a line above
  const unique = keyOf({ job, codec, loaded }, value, wire, options.unique);
  const gates = job.gates ? gatesOf(job, codec, loaded, value, wire) : [];
  const id = options.id === undefined ? newId() : checkId(options.id);
  // A payload that replaces another one is read under the id of that job.
  const payload = codec.vault.seal("input", input, id, !options.forAnyId && unique?.onConflict !== "replace");
  // Without a key there is nobody to wait for.
  const waitMs = unique && job.unique?.waitMs;
  const delayMs = options.delay === undefined ? waitMs : parseDuration(options.delay, "delay");
  return {
    id,
    name: job.name,
    queue: job.queue,
    version: job.version,
    priority: checkPriority(options.priority ?? job.priority),
    maxCrashes: job.maxCrashes,
    payload: hasSettings(options) ? sealEnvelope(payload, settingsOf(options)) : payload,
    ...(options.runAt === undefined ? {} : { runAt: checkTime(options.runAt) }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(unique === undefined ? {} : { unique }),
    ...(gates.length === 0 ? {} : { gates }),
    ...(options.tags === undefined ? {} : { tags: checkTags(options.tags) }),
  };
}

/** The gates of a job are chosen when it is enqueued, when the input is not known yet. */
function refuseKeys({ name, gates = [] }: JobDescriptor): void {
  const keyed = gates.find(({ by }) => by !== undefined);
  if (!keyed) return;
  throw new JobwrightError(
    "JW_INVALID_FLOW",
    `${name} has a limit per key, ${keyed.policy}, and takes its input from other nodes.`,
    {
      hint: "Give it an input without references, or let a job of its own enqueue it.",
    },
  );
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** What `unique: "key"` means for a job whose definition has no policy. */
const plainPolicy: UniquePolicy = { scope: "live", onConflict: "ignore" };

function keyOf(
  { job, codec, loaded }: Omit<JobMaker, "newId">,
  input: unknown,
  wire: () => unknown,
  given: OneJobOptions["unique"],
): UniqueKey | undefined {
  if (given === false || (given === undefined && !job.unique)) return undefined;
  if (given !== undefined && (typeof given !== "string" || given === "")) {
    throw new JobwrightError("JW_INVALID_OPTION", `unique is ${shown(given)}.`, {
      hint: "Give a text to be the key, or false for a job without one.",
    });
  }
  const { by, scope, onConflict, forMs, maxWaitMs } = job.unique ?? plainPolicy;
  const value = given ?? (by ? pick(wire(), by) : loaded.uniqueBy?.(input));
  const key = codec.vault.keyOf(job.name, value);
  if (key === undefined) return undefined;
  return {
    key,
    scope,
    // The store leaves the holder alone; the client refuses.
    onConflict: onConflict === "reject" ? "ignore" : onConflict,
    ...(forMs === undefined ? {} : { forMs }),
    ...(maxWaitMs === undefined ? {} : { maxWaitMs }),
  };
}

function hasSettings({ expireAfter, timeout, maxAttempts, metadata, tags, flow }: NewJobOptions): boolean {
  return [expireAfter, timeout, maxAttempts, metadata, tags, flow].some((setting) => setting !== undefined);
}

function settingsOf({ expireAfter, timeout, maxAttempts, metadata, tags, flow }: NewJobOptions): Settings {
  return {
    ...(flow === undefined ? {} : { flow }),
    ...(expireAfter === undefined
      ? {}
      : { expireAfterMs: positive(parseDuration(expireAfter, "expireAfter"), "expireAfter") }),
    ...(timeout === undefined ? {} : { timeoutMs: checkTimeout(parseDuration(timeout, "timeout")) }),
    ...(maxAttempts === undefined ? {} : { maxAttempts: checkAttempts(maxAttempts) }),
    ...(metadata === undefined ? {} : { metadata: checkMetadata(metadata) }),
    // The store keeps them for searching; here they are for whoever looks at the job.
    ...(tags === undefined ? {} : { tags: checkTags(tags) }),
  };
}

function positive(ms: number, option: string): number {
  if (ms >= 1) return ms;
  throw new JobwrightError("JW_INVALID_OPTION", `${option} is shorter than 1 ms.`);
}

/** setTimeout's limit: a longer one would fire at once. */
const maxTimeoutMs = 2_147_483_647;

function checkTimeout(timeoutMs: number): number {
  if (timeoutMs <= maxTimeoutMs) return positive(timeoutMs, "timeout");
  throw new JobwrightError("JW_INVALID_OPTION", "timeout is longer than 24 days.");
}

function checkAttempts(maxAttempts: number): number {
  if (Number.isInteger(maxAttempts) && maxAttempts >= 1) return maxAttempts;
  throw new JobwrightError("JW_INVALID_OPTION", `maxAttempts is ${shown(maxAttempts)}; give an integer ≥ 1.`);
}

/** Tags of one job. */
export const maxTags = 10;
/** In characters. */
export const maxTagLength = 128;

function checkTags(tags: readonly string[]): readonly string[] {
  const isList = Array.isArray(tags) && tags.length <= maxTags;
  if (isList && tags.every((tag) => typeof tag === "string" && tag !== "" && tag.length <= maxTagLength)) {
    return [...new Set(tags)];
  }
  throw new JobwrightError("JW_INVALID_OPTION", "tags is not a list of short texts.", {
    hint: `Give at most ${maxTags} texts of 1 to ${maxTagLength} characters.`,
  });
}

/** Of the metadata of one job as JSON. */
export const maxMetadataBytes: number = 4 * 1024;

function checkMetadata(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const isObject = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata);
  const misfit = isObject ? Object.entries(metadata).find(([, value]) => typeof value !== "string") : [];
  if (misfit) {
    const [key, value] = misfit;
    const what =
      key === undefined ? `metadata is ${shown(metadata)}` : `metadata.${key} is ${shown(value)}, not a text`;
    throw new JobwrightError("JW_INVALID_OPTION", `${what}.`, {
      hint: "Metadata is an object of texts, for people and tracing; what the handler works on belongs into the input.",
    });
  }
  if (Buffer.byteLength(JSON.stringify(metadata)) > maxMetadataBytes) {
    throw new JobwrightError("JW_INVALID_OPTION", `metadata takes more than ${maxMetadataBytes} bytes.`, {
      hint: "What the handler works on belongs into the input.",
    });
  }
  return metadata;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function checkId(id: string): string {
  if (typeof id === "string" && uuid.test(id)) return id;
  throw new JobwrightError("JW_INVALID_OPTION", `id is ${shown(id)}, which is not a UUID in lower case.`, {
    hint: "Leave it out, or derive a UUID from what makes the job one and the same.",
  });
}

/** The first to be offered. */
export const minPriority = -32_768;
export const maxPriority = 32_767;

function checkPriority(priority: number): number {
  if (Number.isInteger(priority) && priority >= minPriority && priority <= maxPriority) return priority;
  throw new JobwrightError("JW_INVALID_OPTION", `priority is ${shown(priority)}.`, {
    hint: `Give an integer from ${minPriority} to ${maxPriority}; smaller runs first.`,
  });
}

/** Year 9999: what every store and date library can hold. */
const maxTime = Date.UTC(9999, 11, 31);

function checkTime(runAt: Date): number {
  const ms = runAt instanceof Date ? runAt.getTime() : Number.NaN;
  if (ms >= 0 && ms <= maxTime) return ms;
  throw new JobwrightError("JW_INVALID_OPTION", "runAt is not a valid Date between 1970 and 9999.");
}

/** What is to become of a waiting job. What is left out stays. */
export interface ChangeOptions {
  readonly id: string;
  /** Counted from now, by the provider's clock. */
  readonly delay?: Duration;
  /** Not before this time, by the provider's clock. Wins over `delay`. */
  readonly runAt?: Date;
  /** −32,768…32,767, smaller is offered first. */
  readonly priority?: number;
}

/** Throws `JW_INVALID_OPTION`, also if nothing is to be changed. */
export function makeChange({ id, delay, runAt, priority }: ChangeOptions): JobChange {
  if ([delay, runAt, priority].every((part) => part === undefined)) {
    throw new JobwrightError("JW_INVALID_OPTION", `Nothing is to be changed in ${shown(id)}.`, {
      hint: "Give `delay`, `runAt` or `priority`.",
    });
  }
  return {
    id,
    ...(runAt === undefined ? {} : { runAt: checkTime(runAt) }),
    ...(delay === undefined ? {} : { delayMs: parseDuration(delay, "delay") }),
    ...(priority === undefined ? {} : { priority: checkPriority(priority) }),
  };
}
