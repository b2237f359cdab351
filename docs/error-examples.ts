import type { ErrorCode } from "../runtime/contract/errors.ts";

/** A message as it is shown. A test finds the sentences in the source. */
export interface MessageExample {
  readonly message: string;
  readonly hint?: string;
}

/** A schema file that is refused. A test runs codegen, and finds what it says equal to `report`. */
export interface SchemaExample {
  /** What the schema file was before, where the lock matters. */
  readonly before?: string;
  readonly schema: string;
  readonly report: string;
}

const id = "0193b3c4-7d5e-7000-8000-000000000001";

const imports = 'import { defineJobs, job } from "jobwright/schema";\nimport { z } from "zod";\n\n';

/** A code without an example does not compile. */
export const examples: Readonly<Record<ErrorCode, MessageExample | SchemaExample>> = {
  JW_INVALID_INPUT: { message: "The input of sendEmail does not fit its schema at to: Invalid email address." },
  JW_INVALID_OPTION: {
    message: '"30" is not a duration.',
    hint: 'Write a number and a unit in quotes, such as "500ms", "30s", "5m", "2h" or "7d".',
  },
  JW_PAYLOAD_TOO_LARGE: {
    message: "The input of resizeImage takes 2400173 bytes; the limit is 1048576.",
    hint: "Put large data into a file or an object store, and its address into the job.",
  },
  JW_DUPLICATE: {
    message: `Another syncAccount job holds the unique key: ${id}.`,
    hint: "Follow that job with jobs.syncAccount.handle(error.details.id).",
  },
  JW_ENCRYPTION_KEY: {
    message: "The input of chargeCard is encrypted, and the key k1 is not here.",
    hint: "Add it to `encryption.keys`; keep old keys for as long as there are texts that were encrypted with them.",
  },
  JW_QUEUE_FULL: {
    message: "10000 sendEmail jobs wait; the limit is 10000.",
    hint: "Slow down and try again, or let more workers serve the queue mail.",
  },
  JW_NO_PREREQUISITE: {
    message: `Job ${id}, which another one is to wait for, is not there.`,
    hint: "Enqueue it in the same call, before the one that needs it, and without a unique key; or it was pruned.",
  },
  JW_BATCH_CLOSED: { message: `Job ${id} waits for no other jobs any more.` },
  JW_INVALID_FLOW: { message: "Two nodes are called resize.", hint: "Give each node a name of its own." },
  JW_FLOW_FAILED: {
    message: `The flow ${id} failed: its last node, publish, is skipped (prerequisite-failed).`,
    hint: "`status()` tells of every node, and `retry()` runs again what did not succeed.",
  },
  JW_UNKNOWN_JOB: {
    message: "The schema of this build has no job sendMail.",
    hint: "Run `jobwright codegen`, and deploy what enqueues flows together with what works on them.",
  },
  JW_UNKNOWN_QUEUE: {
    message: 'No job of the schema uses the queue "mails".',
    hint: "Queues are default, mail, reports.",
  },
  JW_MISSING_HANDLER: {
    message: "No handler for buildReport, unsubscribe.",
    hint: "Add a function, or an object with a `handle` method, for each; or serve fewer queues.",
  },
  JW_STALE_CLIENT: {
    message: "The generated code has the job sendEmail that jobs.schema.ts lacks.",
    hint: "Run `jobwright codegen`.",
  },
  JW_SCHEMA_NEEDED: {
    message: "Only the schema knows the workflow publishAlbum, and this client was made without.",
    hint: "Leave `schema: false` out of createJobs, and deploy jobs.schema.ts and zod with this process.",
  },
  JW_NOT_FOUND: {
    message: `There is no sendEmail job ${id}.`,
    hint: "It never existed, or its retention time is over.",
  },
  JW_WAIT_TIMEOUT: {
    message: `Job ${id} was not final after 30000 ms.`,
    hint: "The job goes on; wait again, or longer, or look at its status.",
  },
  JW_JOB_DEAD: {
    message: `sendEmail ${id} was given up (attempts-exhausted): connect ECONNREFUSED 10.0.0.7:25`,
    hint: "Look at it with `jobwright jobs show`, and run it again with `jobwright jobs retry`.",
  },
  JW_JOB_CANCELLED: { message: `The flow ${id} was cancelled.` },
  JW_TRANSACTION_REQUIRED: {
    message: "`tx` is not an open Drizzle transaction on node-postgres.",
    hint: "Pass the `tx` that `db.transaction(async (tx) => { … })` hands to your callback, on the provider's own database.",
  },
  JW_INVALID_PAYLOAD: {
    message:
      "The payload of sendEmail does not fit its schema at subject: Invalid input: expected string, received undefined.",
  },
  JW_NOT_UPGRADABLE: {
    message: "A job of version 1 of charge cannot be read as version 2; its upgrade failed: old.amount is not a number",
  },
  JW_INVALID_OUTPUT: {
    message:
      "The output of buildReport does not fit its schema at total: Invalid input: expected bigint, received number.",
  },
  JW_ATTEMPT_TIMEOUT: { message: `Attempt 2 of sendEmail ${id} ran longer than its timeout.` },
  JW_LEASE_AT_RISK: { message: `No heartbeat got through for sendEmail ${id}; another worker may take it.` },
  JW_LEASE_LOST: { message: `A newer claim holds sendEmail ${id}; this attempt's result is discarded.` },
  JW_CANCELLED: { message: `sendEmail ${id} was cancelled while it ran.` },
  JW_SHUTDOWN: { message: `The worker stops; sendEmail ${id} is given back.` },
  JW_STORE_UNAVAILABLE: { message: "Redis at 10.0.0.7:6379 cannot be reached at the moment." },
  JW_STORE_BUSY: {
    message: "Redis at 10.0.0.7:6379 is busy with a script.",
    hint: "Look for a long script of another application: `SCRIPT KILL`.",
  },
  JW_STORE_FULL: {
    message: "The database jobs.db cannot grow: the disk is full.",
    hint: "Free space on that disk; workers go on by themselves.",
  },
  JW_STORE_FOREIGN: {
    message: "The database shop.db is not an SQLite database (or is encrypted).",
    hint: "Choose another path; the file was not touched.",
  },
  JW_STORE_CORRUPT: {
    message: "The database jobs.db is damaged.",
    hint: "Keep the file, restore a backup, or try `sqlite3 FILE .recover`.",
  },
  JW_STORE_READONLY: {
    message: "The database jobs.db is read-only.",
    hint: "Give this user write permission on the file and its folder (WAL mode writes next to the file).",
  },
  JW_STORE_UNSAFE: {
    message: "Redis at 10.0.0.7:6379 has maxmemory-policy allkeys-lru: it may delete jobs when its memory is full.",
    hint: "Set `maxmemory-policy noeviction`, or accept the loss of jobs with `unsafeAllowEviction: true`.",
  },
  JW_STORE_UNSUPPORTED: {
    message: "Redis at 10.0.0.7:6379 is version 5.0.14, which is too old.",
    hint: "Use Redis 6.2.0 or newer, or Valkey.",
  },
  JW_STORE_PATH: {
    message: "The database /srv/jobs/jobs.db cannot be opened.",
    hint: "Check that the path is a file in a folder that this user may write to.",
  },
  JW_SCHEMA_NEWER: {
    message: "The database jobs.db has schema version 9; this jobwright knows versions up to 8.",
    hint: "Upgrade the package jobwright in this process. Nothing was changed.",
  },
  JW_SCHEMA_MISSING: {
    message: "Redis at 10.0.0.7:6379 has no jobwright store of this version here yet.",
    hint: "Run `jobwright migrate`, or create the provider with `migrate: true`.",
  },
  JW_STOPPED: {
    message: "The PostgreSQL provider was stopped, or not started yet.",
    hint: "Stop the provider last, after workers and clients; create a new one to go on.",
  },
  JW_DRIVER_MISSING: { message: "The Redis provider needs the package ioredis.", hint: "Run `npm install ioredis`." },
  JW_NODE_UNSUPPORTED: {
    message: "better-sqlite3 13.2.0 does not run on Node 20.19.0: it would crash the process.",
    hint: "Run `npm install better-sqlite3@12.11.1`, or use Node 22 or newer.",
  },
  JW_SCHEMA_NOT_FOUND: {
    message: "There is no jobs.schema.ts in this folder or above.",
    hint: "Run `jobwright init` to begin with one, or name yours with --schema.",
  },
  JW_SCHEMA_LOAD: {
    schema: `${imports}export default defineJobs({ greet: job({ input: z.object({ to: text }) }) });\n`,
    report: [
      "JW_SCHEMA_LOAD jobs.schema.ts:4:64",
      "could not be loaded: ReferenceError: text is not defined",
      '  2 | import { z } from "zod";',
      "  3 |",
      "> 4 | export default defineJobs({ greet: job({ input: z.object({ to: text }) }) });",
      "    |                                                                ^",
      "  5 |",
      "→ Repair the line shown; run the file with `npx tsx` to see the whole trace.",
      "",
    ].join("\n"),
  },
  JW_SCHEMA_TIMEOUT: {
    message: "jobs.schema.ts did not finish loading within 20 s.",
    hint: "A schema file only declares: move connections, servers and endless awaits out of it and of what it imports.",
  },
  JW_SCHEMA_INVALID: {
    schema: `${imports}export default defineJobs({\n  greet: job({\n    input: z.object({ to: z.string() }),\n    timeout: "30",\n  }),\n});\n`,
    report: [
      "JW_SCHEMA_INVALID jobs.schema.ts:7:5",
      'greet.timeout is "30", which is not a duration.',
      "  5 |   greet: job({",
      "  6 |     input: z.object({ to: z.string() }),",
      '> 7 |     timeout: "30",',
      "    |     ^",
      "  8 |   }),",
      '→ Write a number and a unit without a space, such as "500ms", "30s", "5m", "2h" or "7d", at most 100 years.',
      "",
    ].join("\n"),
  },
  JW_SCHEMA_UNREPRESENTABLE: {
    schema: `${imports}export default defineJobs({\n  remind: job({\n    input: z.object({ to: z.string(), at: z.union([z.date(), z.string()]) }),\n  }),\n});\n`,
    report: [
      "JW_SCHEMA_UNREPRESENTABLE jobs.schema.ts:6:39",
      "remind.input.at is a union of a Date and a string, which look the same once they are stored.",
      "  4 | export default defineJobs({",
      "  5 |   remind: job({",
      "> 6 |     input: z.object({ to: z.string(), at: z.union([z.date(), z.string()]) }),",
      "    |                                       ^",
      "  7 |   }),",
      "→ Use z.discriminatedUnion with one object per case, or two optional fields.",
      "",
    ].join("\n"),
  },
  JW_CONTRACT_BREAKING: {
    before: `${imports}export default defineJobs({\n  greet: job({ input: z.object({ to: z.string() }) }),\n});\n`,
    schema: `${imports}export default defineJobs({\n  greet: job({ input: z.object({ to: z.string(), subject: z.string() }) }),\n});\n`,
    report: [
      "JW_CONTRACT_BREAKING jobs.schema.ts:5:50",
      "greet.input.subject: FIELD_ADDED_REQUIRED, old producer → new worker. A field is new, and required. What was stored before lacks it. Make it optional, or give it a default.",
      "  3 |",
      "  4 | export default defineJobs({",
      "> 5 |   greet: job({ input: z.object({ to: z.string(), subject: z.string() }) }),",
      "    |                                                  ^",
      "  6 | });",
      '→ Make it compatible; or set `version: 2, upgrade: { 1: (old) => … }`; or take it upon yourself: `jobwright accept greet --reason "…"`.',
      "",
    ].join("\n"),
  },
  JW_LOCK_INVALID: {
    message: "There is no file mian, and no jobs.lock.json at a git ref of that name.",
    hint: "Name a lock file, a git ref such as main, or the URL of a store such as sqlite:jobs.db.",
  },
  JW_CODEGEN_STALE: {
    message: "The generated files or the lock do not belong to the schema.",
    hint: "Run `jobwright codegen`.",
  },
  JW_CODEGEN_CONFLICT: {
    message: "types.d.ts in the generated folder was edited, or is not a generated file. Nothing was written.",
    hint: "Move your changes elsewhere, then run `jobwright codegen --force` to overwrite.",
  },
  JW_CODEGEN_WRITE: {
    message: "/srv/app/generated/index.ts cannot be written.",
    hint: "Check that the folder exists, is a folder, and may be written; or choose another one with --out.",
  },
  JW_EMITTER: {
    message: 'The emitter "queues" gave no list of files. Nothing was written.',
    hint: "Return `[{ name, text }]`, or `[]`; `emit` is synchronous.",
  },
  JW_USAGE: { message: "There is no format xml.", hint: "Take one of text, json, github, sarif." },
  JW_CONFIG: {
    message: "There is no jobwright.config.ts here or above.",
    hint: "Run `jobwright init`, or point to a file with `--config`.",
  },
};
