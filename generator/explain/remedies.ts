import type { ErrorCode } from "../../runtime/contract/errors.ts";

/** What `jobwright explain` and the pages in `docs/errors` tell beyond the meaning of a code. */
export interface Remedy {
  /** How it usually comes to this. */
  readonly cause: string;
  readonly fix: string;
}

/** A code without a remedy does not compile. */
export const remedies: Readonly<Record<ErrorCode, Remedy>> = {
  JW_INVALID_INPUT: {
    cause: "The value came from outside and was not checked, or a refinement of the schema refused it.",
    fix: "Read `details.issues`: each names the path and the reason. Check the value before the enqueue, or widen the schema.",
  },
  JW_INVALID_OPTION: {
    cause: "An option out of its range, two that exclude each other, or a duration without a unit.",
    fix: 'The message names the option and what it takes; durations are texts such as "30s".',
  },
  JW_PAYLOAD_TOO_LARGE: {
    cause: "A file or a long list was put into the job itself.",
    fix: "Store it elsewhere and put its address into the job, or enqueue several smaller jobs.",
  },
  JW_DUPLICATE: {
    cause: "A job with the same unique key is not finished yet, or its window is not over.",
    fix: "Treat it as done already, or let `onConflict` be `ignore`, `replace` or `extend`.",
  },
  JW_ENCRYPTION_KEY: {
    cause: "A key was removed while jobs that need it were still there, or this process got other keys.",
    fix: "Give all processes the same `encryption.keys`; remove an old key only when no job uses it any more.",
  },
  JW_QUEUE_FULL: {
    cause: "Workers are slower than producers, or stand still.",
    fix: "Try again later; start more workers, or raise `maxWaiting`.",
  },
  JW_NO_PREREQUISITE: {
    cause: "The other job was pruned, stands later in the call, or has a unique key that another job held.",
    fix: "Enqueue both in one call, the one that is needed first and without a unique key.",
  },
  JW_BATCH_CLOSED: {
    cause: "The batch was closed and its last member ended, it was cancelled, or a member failed that had to succeed.",
    fix: "Add members before `close()`, or from a member that still runs; or begin another batch.",
  },
  JW_INVALID_FLOW: {
    cause:
      "A node that is not there or has the name of another one, nodes that need each other in a circle, or an edge that contradicts a reference.",
    fix: "The message names the node and the reason; `details.problems` has all of them.",
  },
  JW_FLOW_FAILED: {
    cause: "A node was given up or cancelled, and no edge `failed` or `finished` takes care of it.",
    fix: "`status()` tells which node and why. Repair the cause, then `retry()`: what succeeded is not repeated.",
  },
  JW_UNKNOWN_JOB: {
    cause: "A misspelt name, or a job that was removed from the schema.",
    fix: "Take a name of the schema; after a change of the schema run `jobwright codegen`.",
  },
  JW_UNKNOWN_QUEUE: {
    cause: "A misspelt queue in `queues` of a worker, or one whose last job was moved.",
    fix: "Take a queue that a job of the schema names.",
  },
  JW_MISSING_HANDLER: {
    cause: "A job was added to a queue that this worker serves.",
    fix: "Write its handler, or let the worker serve other `queues`.",
  },
  JW_STALE_CLIENT: {
    cause: "The schema changed after the last `jobwright codegen`.",
    fix: "Run `jobwright codegen`, commit `generated/`, and run `jobwright codegen --check` in CI.",
  },
  JW_SCHEMA_NEEDED: {
    cause: "A workflow, a key made by a function, or an output that zod transforms, in a process that only enqueues.",
    fix: "Leave `schema: false` out of `createJobs`, and deploy `jobs.schema.ts` and zod with that process.",
  },
  JW_NOT_FOUND: {
    cause: "An id of another store, or a job that was pruned after its retention time.",
    fix: "Check which store the command or client uses; raise the retention time of finished jobs.",
  },
  JW_WAIT_TIMEOUT: {
    cause: "No worker runs, the queue is long, or the job takes longer than the wait.",
    fix: "Ask again with the same handle, or wait longer; the job is not touched.",
  },
  JW_JOB_DEAD: {
    cause: "All attempts failed, or the handler discarded the job.",
    fix: "Look at `cause` or `jobwright jobs show <id>`; repair, then `jobwright jobs retry <id>`.",
  },
  JW_JOB_CANCELLED: {
    cause: "Somebody called `cancel`, or a replacing enqueue did.",
    fix: "Nothing to repair; enqueue again if it is wanted after all.",
  },
  JW_TRANSACTION_REQUIRED: {
    cause: "`tx` is closed, belongs to another driver, or an earlier query in it failed.",
    fix: "Pass the transaction that is open now, and let its errors end it.",
  },
  JW_INVALID_PAYLOAD: {
    cause: "The schema changed in a way that old jobs do not fit, or a newer build enqueued the job.",
    fix: "Make the change compatible, deploy, then retry the dead jobs.",
  },
  JW_NOT_UPGRADABLE: {
    cause:
      "`version` was raised without an `upgrade` for old jobs, or that function threw or returned what does not fit.",
    fix: "Write or repair `upgrade` for that version, deploy, then retry the dead jobs.",
  },
  JW_INVALID_OUTPUT: {
    cause: "The handler returned what the schema's `output`, `progress` or `errors` refuses.",
    fix: "Correct the handler or the schema; the issues are in the job's error.",
  },
  JW_ATTEMPT_TIMEOUT: {
    cause: "Something that the handler waited for did not answer, or the timeout is too short.",
    fix: "Hand `ctx.signal` to what the handler calls; raise `timeout`, or split the job with `ctx.step`.",
  },
  JW_LEASE_AT_RISK: {
    cause: "The store was out of reach, or the process was frozen.",
    fix: "Stop the work on this attempt; the job runs again.",
  },
  JW_LEASE_LOST: {
    cause: "The process slept past its lease, and another worker took the job.",
    fix: "Stop the work on this attempt; protect outside effects with `ctx.fence` or `ctx.idempotencyKey`.",
  },
  JW_CANCELLED: {
    cause: "`cancel` was called while the job ran.",
    fix: "Let the handler end when `ctx.signal` is aborted.",
  },
  JW_SHUTDOWN: {
    cause: "The worker was told to stop, and the grace period was over.",
    fix: "Nothing to repair; raise the grace period if attempts should be able to end.",
  },
  JW_STORE_UNAVAILABLE: {
    cause: "The server is down, the network is broken, or the address is wrong.",
    fix: "Check the address and the server. It passes by itself when the store is back.",
  },
  JW_STORE_BUSY: {
    cause: "Another process holds a long write transaction on the same SQLite file.",
    fix: "Keep transactions short; find the process that holds it.",
  },
  JW_STORE_FULL: {
    cause: "The disk or the memory limit is reached.",
    fix: "Make room; nothing that was accepted is lost.",
  },
  JW_STORE_FOREIGN: {
    cause: "The path or address leads to the data of another application.",
    fix: "Give jobwright a file, schema or namespace of its own.",
  },
  JW_STORE_CORRUPT: {
    cause: "The file was copied, replaced or cut while it was open, or the disk is broken.",
    fix: "Restore a backup; keep the damaged file until that is done.",
  },
  JW_STORE_READONLY: {
    cause: "Missing rights, a read-only disk, or a server that is a standby.",
    fix: "Give the process the right to write, or connect to the primary.",
  },
  JW_STORE_UNSAFE: {
    cause: "Redis has an eviction policy other than `noeviction`.",
    fix: "Set `maxmemory-policy noeviction` for the server of the jobs.",
  },
  JW_STORE_UNSUPPORTED: {
    cause: "The server is too old, or its database has another encoding or mode.",
    fix: "Use a version that the page of the store names.",
  },
  JW_STORE_PATH: {
    cause: "The folder does not exist, or the path is a folder.",
    fix: "Create the folder, or give the path of a file.",
  },
  JW_SCHEMA_NEWER: {
    cause: "A newer release migrated the store, and this process still has the old one.",
    fix: "Deploy the newer release here, too.",
  },
  JW_SCHEMA_MISSING: {
    cause: "The store is new, or this release needs newer tables and may not migrate by itself.",
    fix: "Run `jobwright migrate` before the deploy.",
  },
  JW_STOPPED: {
    cause: "A call after `stop()`, often from a timer or a request that was still open.",
    fix: "End what calls it before you stop it.",
  },
  JW_DRIVER_MISSING: {
    cause: "Drivers are optional, and the one for this store is not installed.",
    fix: "Install the package that the message names.",
  },
  JW_NODE_UNSUPPORTED: {
    cause: "Node is too old, or the driver was built for another version.",
    fix: "Use Node 20.19 or newer, and install the packages again after a change of Node.",
  },
  JW_SCHEMA_NOT_FOUND: {
    cause: "The command ran in another folder, or the file has another name.",
    fix: "Name it with `--schema`, or begin with `jobwright init`.",
  },
  JW_SCHEMA_LOAD: {
    cause: "The schema file, or one that it imports, throws or has a syntax error.",
    fix: "Repair the line shown. Import only what schemas need; connections belong elsewhere.",
  },
  JW_SCHEMA_TIMEOUT: {
    cause: "Something that the schema file imports waits for a network or never ends.",
    fix: "Keep top-level `await` and connections out of what it imports.",
  },
  JW_SCHEMA_INVALID: {
    cause: "An option of a job that does not exist, is out of its range, or contradicts another one.",
    fix: "Each problem has its place and its own way out; all of them are shown at once.",
  },
  JW_SCHEMA_UNREPRESENTABLE: {
    cause: "A function, a promise, a transform or a union whose members look the same once they are stored.",
    fix: "Store data instead: the hint of each place says which schema does it.",
  },
  JW_CONTRACT_BREAKING: {
    cause:
      "A field was removed, renamed, made required or given another type, while jobs of the same version may be in flight.",
    fix: "Make the change compatible, raise `version` and write `upgrade`, or run `jobwright accept` with the reason why nothing breaks.",
  },
  JW_LOCK_INVALID: {
    cause:
      "A merge left conflict marks in `jobs.lock.json`, it was edited by hand, or `--against` names something else.",
    fix: "Take one side of the merge and run `jobwright codegen`: it brings the lock up to date.",
  },
  JW_CODEGEN_STALE: {
    cause: "The schema changed, and the generated files were not committed with it.",
    fix: "Run `jobwright codegen` and commit what it wrote.",
  },
  JW_CODEGEN_CONFLICT: {
    cause: "A generated file was edited by hand, or another tool formatted it.",
    fix: "Move the change elsewhere and run `jobwright codegen --force`; leave the folder out of formatters.",
  },
  JW_CODEGEN_WRITE: {
    cause: "The folder is missing, is a file, or may not be written.",
    fix: "Repair its rights, or choose another folder with `--out`.",
  },
  JW_EMITTER: {
    cause: "An emitter in `jobs.codegen.ts` threw, or gave a name that is taken or leads out of the folder.",
    fix: "The message names the emitter and the reason; `--debug` shows where it threw.",
  },
  JW_USAGE: {
    cause: "A misspelt command or flag, or flags that exclude each other.",
    fix: "`jobwright <command> --help` lists them.",
  },
  JW_CONFIG: {
    cause: "The configuration file is missing, throws, or exports something else.",
    fix: "Repair what the message names; `jobwright init` writes one that works.",
  },
};
