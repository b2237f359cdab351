/**
 * Every error code, with what it means. `docs/errors.md` and the pages in `docs/errors` are generated from here.
 */
export const errorCodes = {
  // Calls
  JW_INVALID_INPUT: "The input given to `enqueue` does not fit the job's schema. Nothing was enqueued.",
  JW_INVALID_OPTION: "An option has a value that is not allowed.",
  JW_PAYLOAD_TOO_LARGE: "The encoded input or output is larger than the limit.",
  JW_DUPLICATE: "Another job holds the unique key, and the job's `onConflict` is `reject`. Nothing was enqueued.",
  JW_ENCRYPTION_KEY: "A job is encrypted, and the key for it is not among those that were given. Nothing was lost.",
  JW_QUEUE_FULL:
    "So many jobs of this definition wait as its `maxWaiting` allows. Nothing was enqueued; try again later.",
  JW_NO_PREREQUISITE: "A job that another one is to wait for is not there. Nothing was enqueued.",
  JW_BATCH_CLOSED:
    "Jobs were added to a batch, or another job with prerequisites, that waits no longer. Nothing was enqueued.",
  JW_INVALID_FLOW: "The nodes of a chain, batch or workflow do not fit together. Nothing was enqueued.",
  JW_FLOW_FAILED: "A node of the flow failed, and nothing in the flow takes care of that. The flow can be retried.",
  JW_UNKNOWN_JOB: "A name that the schema does not declare.",
  JW_UNKNOWN_QUEUE: "A queue that no job of the schema uses.",
  JW_MISSING_HANDLER: "A worker serves a queue but lacks the handler of one of its jobs.",
  JW_STALE_CLIENT: "The generated client does not belong to the current schema. Run `jobwright codegen`.",
  JW_SCHEMA_NEEDED: "A client that was made with `schema: false` was asked for what only the schema and zod can do.",
  JW_NOT_FOUND: "There is no job with this id: it never existed, or its retention time is over.",
  JW_WAIT_TIMEOUT: "The job was not final when the time was up. It goes on; ask again.",
  JW_JOB_DEAD: "The job whose result is awaited was given up; `cause` carries its last error.",
  JW_JOB_CANCELLED: "The job whose result is awaited was cancelled.",
  JW_TRANSACTION_REQUIRED:
    "`tx` is not an open transaction of this provider's own kind of database, or a query in it had failed already.",
  // Attempts
  JW_INVALID_PAYLOAD: "The stored payload does not fit the schema of this build. The job is dead and kept.",
  JW_NOT_UPGRADABLE:
    "The job is of an older version, and this build could not carry its payload forward. The job is dead and kept.",
  JW_INVALID_OUTPUT: "A handler returned or reported something that does not fit the schema of its job.",
  JW_ATTEMPT_TIMEOUT: "An attempt ran longer than the job's timeout. Its signal was aborted.",
  JW_LEASE_AT_RISK:
    "No heartbeat reached the store for most of a lease, so another worker may soon take the job. The signal was aborted.",
  JW_LEASE_LOST: "A newer claim holds the job. This attempt's output is discarded; stop working on it.",
  JW_CANCELLED: "Somebody cancelled the job while it ran.",
  JW_SHUTDOWN: "The worker stops; the job is given back and will run elsewhere.",
  // Stores
  JW_STORE_UNAVAILABLE: "The store cannot be reached at the moment. Workers go on trying.",
  JW_STORE_BUSY: "Another process held the store's write lock for too long.",
  JW_STORE_FULL: "The disk or the store is full.",
  JW_STORE_FOREIGN: "The file or database is not a jobwright store. It was not touched.",
  JW_STORE_CORRUPT: "The store's file is damaged. It was not touched.",
  JW_STORE_READONLY: "The store cannot be written.",
  JW_STORE_UNSAFE: "The server is set up to throw data away, jobs included. Nothing was written.",
  JW_STORE_UNSUPPORTED: "The server, or its database, is not one that this provider can use. Nothing was written.",
  JW_STORE_PATH: "The store's path cannot be used.",
  JW_SCHEMA_NEWER: "The store was migrated by a newer jobwright. Upgrade this one.",
  JW_SCHEMA_MISSING: "The store has no tables yet, or older ones. Run `jobwright migrate`.",
  JW_STOPPED: "The provider, client or worker was stopped before this call.",
  JW_DRIVER_MISSING: "A driver that this provider needs is not installed.",
  JW_NODE_UNSUPPORTED: "This version of Node, or of the driver under it, does not work.",
  // Schema and code generation
  JW_SCHEMA_NOT_FOUND: "There is no `jobs.schema.ts` here or above.",
  JW_SCHEMA_LOAD: "The schema file cannot be loaded.",
  JW_SCHEMA_TIMEOUT: "Loading the schema file took too long.",
  JW_SCHEMA_INVALID: "The schema declares something that is not allowed.",
  JW_SCHEMA_UNREPRESENTABLE: "A zod schema that cannot cross the wire or cannot be printed as a type.",
  JW_CONTRACT_BREAKING: "A change of the schema breaks jobs in flight, or builds that still run. Nothing was written.",
  JW_LOCK_INVALID: "The lock of the contracts, or what is to be compared with it, cannot be used.",
  JW_CODEGEN_STALE: "The generated files do not belong to the schema. Run `jobwright codegen`.",
  JW_CODEGEN_CONFLICT: "A generated file was edited, or a file that is not generated stands in its place.",
  JW_CODEGEN_WRITE: "A generated file cannot be written.",
  JW_EMITTER: "An emitter threw, or gave a file that cannot be part of the generated folder. Nothing was written.",
  // Command line
  JW_USAGE: "A command, flag or argument that is not understood.",
  JW_CONFIG: "The configuration file cannot be used.",
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface JobwrightErrorOptions {
  /** What to do about it; one sentence. */
  readonly hint?: string;
  /** Whether the same call may succeed later without a change. Default false. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** Facts for programs, e.g. zod issues. Never a payload. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const brand = Symbol.for("jobwright.error");

/** The one error class of jobwright. Match on `code`; the message is for people. */
export class JobwrightError extends Error {
  override readonly name = "JobwrightError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
  readonly [brand] = true;

  constructor(code: ErrorCode, message: string, options: JobwrightErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }

  /** True across several copies of this package in one process, where `instanceof` is not. */
  static is(error: unknown): error is JobwrightError {
    return typeof error === "object" && error !== null && brand in error;
  }
}

/** Whether a store's refusal may pass by itself, so that the caller should try again. */
export function isRetryable(error: unknown): boolean {
  return JobwrightError.is(error) && error.retryable;
}
