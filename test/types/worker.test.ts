import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { createProject, type Project } from "../generator/support/project.ts";

const schema = `
import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";
export default defineJobs({
  sendPush: job({
    input: z.object({ device: z.string() }),
    output: z.object({ id: z.string() }),
    errors: { Unregistered: z.object({ device: z.string() }) },
    queue: "push",
    batch: { size: 100, wait: "50ms" },
  }),
  index: job({ input: z.object({ url: z.url() }), queue: "search", batch: { size: 10 } }),
  importList: job({
    input: z.object({ file: z.string() }),
    queue: "import",
    progress: z.object({ rows: z.int(), phase: z.enum(["reading", "writing"]).default("reading") }),
  }),
  warm: job({ input: z.object({ url: z.url() }), queue: "cache", batch: { size: 5 }, progress: z.enum(["asked", "warm"]) }),
  notify: job({ input: z.object({ account: z.string() }), queue: "mail", errors: { Gone: z.object({}) } }),
});
`;

const imports = `
import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";
import type { Discard, Middleware, RunContext, WithContext } from "jobwright";
import type { Provider, BatchContext, BatchItem } from "jobwright/codegen/v1";
import {
  createWorker, type ImportListHandler, type ImportListPayload, type ImportListProgress, type ImportListSeen, type Jobs, type NotifyHandle, type NotifyHandler, type NotifyPayload, type SendPushHandler, type SendPushOutcomes,
  type SendPushPayload, type SendPushReturn,
} from "./generated/index.ts";
import type { JobContext } from "jobwright";
declare const provider: Provider;
declare const discard: Discard;
interface Db { find(account: string): string }
declare const db: Db;
declare const withDb: WithContext<NotifyHandle, { db: Db }>;
declare const jobs: Jobs;
declare const timed: Middleware;
declare const audited: Middleware<{ db: Db }>;
export const used = [defineJobs, job, z, createWorker, provider, jobs, discard, db, withDb, timed, audited];
export type Used = [BatchContext<1>, BatchItem<1>, JobContext, ImportListHandler, ImportListPayload, ImportListProgress, ImportListSeen, NotifyHandle, NotifyHandler, NotifyPayload, RunContext, SendPushHandler, SendPushOutcomes, SendPushPayload, SendPushReturn];
`;

const worker = (queue: string, options: string): string =>
  `void createWorker({ provider, queues: { ${queue}: 1 }, ${options} });`;
const push = (handler: string): string => worker("push", `handlers: { sendPush: ${handler} }`);
const index = (handler: string): string => worker("search", `handlers: { index: ${handler} }`);
const mail = (options: string, handler = "(_, ctx) => void ctx.db.find(ctx.id)"): string =>
  worker("mail", `${options}, handlers: { notify: ${handler} }`);

const load = (handler: string): string => worker("import", `handlers: { importList: ${handler} }`);
const warm = (handler: string): string => worker("cache", `handlers: { warm: ${handler} }`);

const listen = (type: string, listener: string): string =>
  `void createWorker({ provider, queues: { cache: 1 }, handlers: { warm: () => {} } }).then((made) => made.on("${type}", ${listener}));`;

const right: readonly string[] = [
  listen("succeeded", '(event) => (event.job === "sendPush" ? event.output.id.length : event.attempt)'),
  listen("dead", "({ job, reason }) => `${job}${reason}`"),
  push("(items, ctx) => items.map(({ input, id }) => ctx.succeed({ id: input.device + id }))"),
  push(
    'async (items, ctx) => items.map((item) => (item.attempt > 1 ? ctx.fail(discard) : item.signal.aborted ? ctx.fail(ctx.errors.Unregistered({ device: item.input.device })) : ctx.succeed({ id: "1" })))',
  ),
  push(
    "new (class implements SendPushHandler { async handle(items: readonly BatchItem<SendPushPayload>[], ctx: BatchContext<SendPushReturn>): Promise<SendPushOutcomes> { return items.map(({ input }) => ctx.succeed({ id: input.device })); } })()",
  ),
  index("(items) => { for (const { input } of items) input.url.length; }"),
  index("async () => {}"),
  index('(items, ctx) => items.map(({ input }) => (input.url === "" ? ctx.fail(1) : ctx.succeed()))'),
  mail("context: () => ({ db })"),
  mail(
    "concurrency: 1",
    'async (_, ctx) => { const page = await ctx.step("fetch", async () => ({ rows: [1, 2] })); page.rows[0]?.toFixed(); const n: number = await ctx.step("count", () => 5); await ctx.step("done", () => {}); return void n; }',
  ),
  mail(
    "concurrency: 1",
    '(_, ctx) => ctx.iterate("rows", (after: number | undefined) => [{ id: after ?? 0 }], (row) => row.id.toFixed(), { cursor: (row) => row.id, every: 10 })',
  ),
  mail(
    "concurrency: 1",
    '(_, ctx) => ctx.iterate("rows", async function* (after?: string) { yield after ?? ""; }, async (row) => void row.length, { cursor: (row) => row })',
  ),
  mail("context: async () => ({ db })"),
  mail(
    'context: (ctx: RunContext) => ({ db, tenant: "items" in ctx ? "" : ctx.metadata["tenant"] })',
    "(_, ctx) => void ctx.tenant?.length",
  ),
  mail("context: () => ({ db })", "(_, ctx) => { ctx.db.find(ctx.id); throw ctx.errors.Gone({}); }"),
  mail("context: () => ({ db })", "withDb"),
  mail("context: () => ({ db })", "(_, ctx) => void ctx.log"),
  mail(
    "context: () => ({ db })",
    "new (class implements WithContext<NotifyHandler, { db: Db }> { handle(payload: NotifyPayload, ctx: JobContext & { db: Db }) { ctx.db.find(payload.account); } })()",
  ),
  worker(
    "push",
    "context: () => ({ db }), handlers: { sendPush: (items, ctx) => items.map(({ input }) => ctx.succeed({ id: ctx.db.find(input.device) })) }",
  ),
  mail(
    "context: () => ({ db }), middleware: [timed, audited, async (ctx, next) => { ctx.db.find(ctx.name); return next(); }]",
  ),
  mail(
    'middleware: [async (ctx, next) => { if ("items" in ctx) ctx.items.length; else ctx.id; return next(); }]',
    "() => {}",
  ),
  load('(_, ctx) => { ctx.progress({ rows: 1 }); ctx.progress({ rows: 2, phase: "writing" }); }'),
  load("(_, { progress, log }) => { progress({ rows: 1 }); log.info(''); }"),
  load(
    "new (class implements ImportListHandler { handle(payload: ImportListPayload, ctx: JobContext<ImportListProgress>) { ctx.progress({ rows: payload.file.length }); } })()",
  ),
  load(
    "(_, ctx) => { const pass = (of: JobContext<ImportListProgress>): void => of.progress({ rows: 1 }); pass(ctx); }",
  ),
  warm('(items) => { for (const item of items) item.progress("asked"); }'),
  mail("concurrency: 1", "(_, ctx) => ctx.progress(50)"),
  'void jobs.importList.handle("1").progress().then((seen) => seen?.phase.length);',
  'void jobs.importList.enqueue({ file: "" }).then((job) => job.progress()).then((seen: ImportListSeen | undefined) => seen?.rows.toFixed());',
  'void jobs.warm.handle("1").progress().then((seen: "asked" | "warm" | undefined) => seen);',
  'void jobs.notify.handle("1").progress().then((percent: number | undefined) => percent?.toFixed());',
  // The order does not matter.
  "void createWorker({ provider, queues: { mail: 1 }, handlers: { notify: (_, ctx) => void ctx.db }, context: (ctx: RunContext) => ({ db, of: ctx.name }) });",
  // A worker of all queues, some of them with batches.
  'void createWorker({ provider, context: () => ({ db }), handlers: { notify: (_, { db }) => void db, index: (_, { db }) => void db, importList: () => {}, warm: () => {}, sendPush: (items, { db, succeed }) => items.map(() => succeed({ id: db.find("1") })) } });',
];

const wrong: readonly (readonly [what: string, statement: string, message: string])[] = [
  ["a handler of one job", push("async ({ input }) => []"), "'input' does not exist"],
  ["an event that there is none of", listen("done", "() => {}"), "is not assignable to parameter"],
  ["an output of any job", listen("succeeded", "({ output }) => output.id"), "does not exist"],
  ["a job of another schema", listen("succeeded", '({ job }) => job === "sendMail"'), "no overlap"],
  ["bare outputs", push('(items) => items.map(() => ({ id: "1" }))'), "is not assignable to type"],
  ["another output", push("(items, ctx) => items.map(() => ctx.succeed({ id: 1 }))"), "'number' is not assignable"],
  [
    "a succeeding item without its output",
    push("(items, ctx) => items.map(() => ctx.succeed())"),
    "Expected 1 arguments",
  ],
  ["nothing for a batch with outputs", push("() => {}"), "'void' is not assignable"],
  [
    "an error that is not declared",
    push("(items, ctx) => items.map(() => ctx.fail(ctx.errors.Lost({})))"),
    "'Lost' does not exist",
  ],
  [
    "an output that the job does not have",
    index("(items, ctx) => items.map(() => ctx.succeed(1))"),
    "'number' is not assignable",
  ],
  ["an id of the batch", index("(_, ctx) => void ctx.id"), "'id' does not exist"],
  ["a batch without a size, in the schema", "void job({ input: z.string(), batch: {} });", "'size' is missing"],
  [
    "a wait without a unit, in the schema",
    'void job({ input: z.string(), batch: { size: 5, wait: "5" } });',
    "'\"5\"' is not assignable",
  ],
  ["a field that no context adds", mail("concurrency: 1"), "'db' does not exist"],
  ["another field than the context adds", mail("context: () => ({ database: db })"), "'db' does not exist"],
  ["a handler that needs what no context adds", mail("concurrency: 1", "withDb"), "'db' is missing"],
  [
    "a handler that needs another field",
    mail("context: () => ({ db: 1 })", "withDb"),
    "'number' is not assignable to type 'Db'",
  ],
  [
    "middleware that needs what no context adds",
    mail("middleware: [audited]", "() => {}"),
    "Type 'unknown' is not assignable to type '{ db: Db; }'",
  ],
  [
    "an id of a run that may be a batch",
    mail("middleware: [async (ctx, next) => { ctx.id; return next(); }]", "() => {}"),
    "'id' does not exist",
  ],
  [
    "middleware that is no promise",
    mail("middleware: [(_, next) => { void next(); }]", "() => {}"),
    "'void' is not assignable to type 'Promise",
  ],
  [
    "a percentage where the schema says what progress is",
    load("(_, ctx) => ctx.progress(50)"),
    "'number' is not assignable",
  ],
  ["another progress", load("(_, ctx) => ctx.progress({ row: 1 })"), "'row' does not exist"],
  ["a progress of another type", load('(_, ctx) => ctx.progress({ rows: "1" })'), "'string' is not assignable"],
  [
    "an object where progress is a number",
    mail("concurrency: 1", "(_, ctx) => ctx.progress({ rows: 1 })"),
    "is not assignable",
  ],
  [
    "a handler class that reports a number",
    load("new (class { handle(_: ImportListPayload, ctx: JobContext) { ctx.progress(5); } })()"),
    "is not assignable",
  ],
  ["another progress of an item", warm('(items) => items[0]?.progress("cold")'), "is not assignable"],
  [
    "a field of the progress that is not there",
    'void jobs.importList.handle("1").progress().then((seen) => seen?.row);',
    "'row' does not exist",
  ],
  [
    "a progress that may be undefined",
    'void jobs.importList.handle("1").progress().then((seen) => seen.rows);',
    "possibly 'undefined'",
  ],
  ["a progress that is no schema, in the schema", "void job({ input: z.string(), progress: 5 });", "is not assignable"],
  [
    "a context that hides a wrong output",
    worker("push", "context: () => ({ db }), handlers: { sendPush: () => {} }"),
    "'void' is not assignable",
  ],
  [
    "a handler that is missing, with a context",
    "void createWorker({ provider, context: () => ({ db }), handlers: { notify: () => {}, index: () => {}, importList: () => {}, warm: () => {} } });",
    "'sendPush' is missing",
  ],
];

describe("a worker, to the compiler", () => {
  let project: Project;
  let errors: readonly string[];
  const firstLine = imports.split("\n").length;

  beforeAll(async () => {
    project = createProject({ "jobs.schema.ts": schema });
    await generate({ cwd: project.folder });
    project.write("wrong.ts", `${imports}${wrong.map(([, statement]) => statement).join("\n")}\n`);
    project.write("right.ts", `${imports}${right.join("\n")}\n`);
    errors = project.compile().split(/\n(?! )/);
  });

  afterAll(() => project[Symbol.dispose]());

  it("is right where batches, fields and middleware are used as they should be", () => {
    expect(errors.filter((error) => !error.startsWith("wrong.ts"))).toEqual([]);
  });

  it.each(wrong.map(([what, , message], index) => [what, message, firstLine + index] as const))(
    "leaves no place for %s",
    (_, message, line) => {
      expect(errors.find((error) => error.startsWith(`wrong.ts(${line},`)) ?? "no error").toContain(message);
    },
  );
});
