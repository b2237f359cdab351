import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { createProject, type Project } from "../generator/support/project.ts";

const schema = `
import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";
export default defineJobs({
  sendEmail: job({
    input: z.object({ to: z.email(), copies: z.number().default(1), language: z.enum(["de", "en"]) }),
    output: z.object({ messageId: z.string() }),
    queue: "mail",
  }),
  unsubscribe: job({ input: z.object({ email: z.email() }), queue: "mail" }),
  deliver: job({ input: z.object({ to: z.email() }), queue: "post", errors: { Bounced: z.object({ at: z.date() }), Late: z.object({ days: z.int() }) } }),
  buildReport: job({ input: z.object({ since: z.date() }), output: z.bigint(), queue: "reports" }),
});
`;

const imports = `
import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";
import type { JobContext, Provider } from "jobwright/codegen/v1";
import {
  createWorker, type BuildReportHandle, type Jobs, type SendEmailHandler, type SendEmailPayload, type SendEmailReturn,
} from "./generated/index.ts";
declare const jobs: Jobs;
declare const provider: Provider;
declare const input: { to: string; language: "de" | "en" };
export const used = [defineJobs, job, z, createWorker, jobs, provider, input];
export type Used = [JobContext, BuildReportHandle, SendEmailHandler, SendEmailPayload, SendEmailReturn];
`;

const mail = 'sendEmail: async () => ({ messageId: "1" }), unsubscribe: () => {}';
const report = "buildReport: async () => 1n, deliver: () => {}";
const failed = (use: string): string =>
  `void jobs.deliver.handle("1").settled().then((end) => { if (end.status === "dead" && end.failure) { ${use} } });`;
const worker = (handlers: string, queues = ""): string =>
  `void createWorker({ provider, ${queues}handlers: { ${handlers} } });`;
/** An input with what a path may lead through. */
const unique = (options: string): string =>
  `void job({ input: z.object({ n: z.int(), at: z.date(), user: z.object({ id: z.string() }).optional(), tags: z.record(z.string(), z.string()), list: z.array(z.object({ a: z.string() })) }), ${options} });`;
const cases = (by: string): string =>
  `void job({ input: z.discriminatedUnion("type", [z.object({ type: z.literal("a"), id: z.string() }), z.object({ type: z.literal("b"), no: z.int() })]), unique: { by: ${by} } });`;
const retry = (options: string): string => `void job({ input: z.string(), retry: ${options} });`;

/** What a user may write, one statement each. */
const right: readonly string[] = [
  "void jobs.sendEmail.enqueue(input);",
  'void jobs.sendEmail.enqueue({ ...input, copies: 2 }, { delay: "5m", priority: 1 });',
  'void jobs.sendEmail.handle("1").result().then(({ messageId }) => messageId.length);',
  'void jobs.unsubscribe.handle("1").result().then((nothing: undefined) => nothing);',
  "void jobs.buildReport.enqueueMany([{ since: new Date() }]);",
  worker(`${mail}, ${report}`),
  worker("buildReport: async () => 1n", "queues: { reports: 1 }, "),
  worker('deliver: (_, ctx) => { throw ctx.errors.Bounced({ at: new Date() }, "gone"); }', "queues: { post: 1 }, "),
  failed('if (end.failure.name === "Bounced") end.failure.data.at.getTime(); else end.failure.data.days.toFixed();'),
  'void jobs.sendEmail.handle("1").settled().then((end) => (end.status === "succeeded" ? end.output.messageId : end.reason));',
  worker(mail, "queues: { mail: 1 }, "),
  "class Mailer implements SendEmailHandler { async handle(payload: SendEmailPayload, ctx: JobContext): Promise<SendEmailReturn> { return { messageId: ctx.id + payload.copies.toFixed() }; } }",
  `${worker('sendEmail: new (class implements SendEmailHandler { handle() { return { messageId: "1" }; } })(), unsubscribe: () => {}', "queues: { mail: 1 }, ")}`,
  retry('{ backoff: "list", delays: ["1s"] }'),
  'void jobs.buildReport.schedule("a", { cron: "0 3 * * *", input: { since: new Date() }, jitter: "5s" }).then((key) => key.length);',
  'void job({ input: z.object({ day: z.date() }), schedules: { a: { cron: "0 3 * * *", input: (slot) => ({ day: slot }) }, b: { cron: "0 4 * * *", input: { day: new Date() }, catchUp: { all: 3 } } } });',
  unique('unique: { by: ["n", "at", "user", "user.id", "tags", "tags.any", "list"] }'),
  unique('unique: { by: [], while: "any", for: "1h", onConflict: "extend" }'),
  unique("unique: { by: ({ n, at, user }) => (n > 0 ? [n, at.getFullYear(), user?.id] : undefined) }"),
  unique("unique: { by: (input) => ({ at: input.at, many: [1n, null] }) }"),
  unique('debounce: { by: ["user.id"], wait: "1s", maxWait: "1m" }'),
  unique('throttle: { by: ({ user }) => user?.id, per: "1h" }'),
  cases('["type", "id", "no"]'),
  unique("concurrency: 5, keepLogs: 10, maxWaiting: 100"),
  unique('concurrency: [5, { limit: 1, by: ["user.id"] }], order: { by: ({ user }) => user?.id }'),
  unique(
    'rateLimit: [{ limit: 5, per: "1m" }, { limit: 1, per: "1s", by: ["n", "at"] }], fairness: { by: ["tags"], share: 3 }',
  ),
  'void defineJobs({ one: job({ input: z.string() }) }, { queues: { default: { concurrency: 5, rateLimit: { limit: 1, per: "1s" } } } });',
  'void jobs.sendEmail.enqueue(input, { tags: ["a"] }).then((handle) => handle.history()).then(({ attempts, logs }) => [attempts[0]?.error?.message, logs[0]?.at.getTime()]);',
  'void jobs.$control.list({ tags: ["a"] }).then(({ jobs: [first] }) => [first?.blockedBy?.length, first?.tags.length]);',
  'void job({ input: z.any(), unique: { by: ["any.thing"] } });',
  'void jobs.sendEmail.enqueue(input, { unique: "mine", timeout: "1m", expireAfter: "1h", maxAttempts: 1, metadata: { tenant: "a" } });',
  "void jobs.sendEmail.enqueueMany([input], { unique: false });",
  'void jobs.sendEmail.enqueue(input).then(({ outcome }) => { const known: "enqueued" | "duplicate" | "deduplicated" | "replaced" | "extended" = outcome; return known; });',
  "void jobs.sendEmail.pause().then(() => jobs.sendEmail.resume());",
  'void jobs.$control.change({ id: "1", delay: "1m", priority: 1 }, { id: "2", runAt: new Date() }).then(([first]) => first === "notWaiting");',
  'jobs.sendEmail.on("succeeded", ({ job, output, endedAt }) => { const name: "sendEmail" = job; return [name, output.messageId, endedAt.getTime()]; })();',
  'jobs.deliver.on("dead", async ({ failure, error, reason }) => (failure?.name === "Late" ? failure.data.days.toFixed() : [error?.message, reason.length]));',
  'jobs.unsubscribe.on("succeeded", ({ output }) => { const nothing: undefined = output; return nothing; });',
  'jobs.$events.on("succeeded", (event) => (event.job === "buildReport" ? event.output.toString() : event.id));',
  'jobs.$events.on("unreadable", ({ state, error }) => [state === "dead", error.message]);',
  'void (async () => { for await (const event of jobs.$events.stream({ since: new Date(), signal: AbortSignal.timeout(1) })) { const cursor: string = event.cursor; if (event.status === "succeeded" && event.job === "sendEmail") event.output.messageId.concat(cursor); if (event.status === "dead" && event.job === "deliver" && event.failure?.name === "Bounced") event.failure.data.at.getTime(); } })();',
  'void jobs.$control.pause({ name: "sendEmail" }).then(() => jobs.$control.drain({ queues: ["mail"], timeout: "1m" }));',
];

/** What the compiler has to stop, and what it says. */
const wrong: readonly (readonly [what: string, statement: string, message: string])[] = [
  ["a job that does not exist", "void jobs.sendMail.enqueue(input);", "Did you mean 'sendEmail'"],
  ["a field that does not exist", "void jobs.sendEmail.enqueue({ ...input, copys: 2 });", "'copys' does not exist"],
  ["a field that is missing", 'void jobs.sendEmail.enqueue({ to: "a" });', "'language' is missing"],
  [
    "a field of another type",
    'void jobs.sendEmail.enqueue({ ...input, copies: "2" });',
    "'string' is not assignable to type 'number",
  ],
  [
    "a value that is none of the choices",
    'void jobs.sendEmail.enqueue({ ...input, language: "fr" });',
    "'\"fr\"' is not assignable",
  ],
  [
    "a text for a date",
    'void jobs.buildReport.enqueue({ since: "2026-01-01" });',
    "'string' is not assignable to type 'Date'",
  ],
  [
    "one wrong input among many",
    "void jobs.buildReport.enqueueMany([{ since: new Date() }, { since: 1 }]);",
    "'number' is not assignable to type 'Date'",
  ],
  [
    "a duration without a unit",
    'void jobs.sendEmail.enqueue(input, { delay: "5" });',
    "'\"5\"' is not assignable to type",
  ],
  [
    "a duration with an unknown unit",
    'void jobs.sendEmail.enqueue(input, { delay: "5 minutes" });',
    "'\"5 minutes\"' is not assignable to type",
  ],
  [
    "a duration that is a number",
    'void jobs.sendEmail.handle("1").result({ timeout: 5 });',
    "'number' is not assignable to type",
  ],
  ["an option that does not exist", "void jobs.sendEmail.enqueue(input, { prio: 1 });", "'prio' does not exist"],
  [
    "a field of a result that does not exist",
    'void jobs.sendEmail.handle("1").result().then((sent) => sent.id);',
    "'id' does not exist",
  ],
  ["a worker without a handler", worker(`${mail}, deliver: () => {}`), "'buildReport' is missing"],
  [
    "a worker without a handler for one job of its queue",
    worker("unsubscribe: () => {}", "queues: { mail: 1 }, "),
    "'sendEmail' is missing",
  ],
  [
    "a handler of a queue that the worker does not serve",
    worker("buildReport: async () => 1n, unsubscribe: () => {}", "queues: { reports: 1 }, "),
    "'unsubscribe' does not exist",
  ],
  [
    "an error that is not declared",
    worker("deliver: (_, ctx) => { throw ctx.errors.Lost({}); }", "queues: { post: 1 }, "),
    "Property 'Lost' does not exist",
  ],
  [
    "an error with other data",
    worker("deliver: (_, ctx) => { throw ctx.errors.Late({ days: new Date() }); }", "queues: { post: 1 }, "),
    "'Date' is not assignable to type 'number'",
  ],
  [
    "declared errors where there are none",
    worker("buildReport: (_, ctx) => ctx.errors", "queues: { reports: 1 }, "),
    "Property 'errors' does not exist",
  ],
  ["a failure that the job does not declare", failed('end.failure.name === "Lost";'), "no overlap"],
  ["data of another failure", failed('if (end.failure.name === "Late") end.failure.data.at;'), "'at' does not exist"],
  ["a queue that does not exist", worker(report, "queues: { report: 1 }, "), "'report' does not exist"],
  ["a handler of an unknown job", worker(`${mail}, ${report}, other: () => {}`), "'other' does not exist"],
  [
    "a handler that returns nothing for a job with an output",
    worker("sendEmail: async () => {}, unsubscribe: () => {}", "queues: { mail: 1 }, "),
    "'Promise<void>' is not assignable",
  ],
  [
    "a handler that returns another type",
    "export const build: BuildReportHandle = async () => 1;",
    "Type 'number' is not assignable to type 'bigint'",
  ],
  [
    "a handler that returns a value for a job without an output",
    worker('sendEmail: async () => ({ messageId: "1" }), unsubscribe: async () => "done"', "queues: { mail: 1 }, "),
    "'string' is not assignable to type 'void'",
  ],
  ["a handler class without its method", "class Empty implements SendEmailHandler {}", "'handle' is missing"],
  [
    "a handler class with another payload",
    "class Other implements SendEmailHandler { handle(payload: { from: string }) { return { messageId: payload.from }; } }",
    "'from' is missing",
  ],
  [
    "a timeout that is no duration, in the schema",
    'void job({ input: z.string(), timeout: "30" });',
    "'\"30\"' is not assignable to type",
  ],
  [
    "an option that does not exist, in the schema",
    "void job({ input: z.string(), prioritty: 3 });",
    "'prioritty' does not exist",
  ],
  ["a job without an input, in the schema", 'void job({ queue: "mail" });', "'input' is missing"],
  [
    "delays without a list backoff, in the schema",
    retry('{ backoff: "fixed", delays: ["1s"] }'),
    "is not assignable to type",
  ],
  ["a path that the input lacks", unique('unique: { by: ["m"] }'), "'\"m\"' is not assignable to type"],
  ["a path into a text", unique('unique: { by: ["user.id.length"] }'), "is not assignable to type"],
  ["a path into a date", unique('throttle: { by: ["at.getTime"], per: "1h" }'), "is not assignable to type"],
  ["a path into a list", unique('debounce: { by: ["list.a"], wait: "1s" }'), "is not assignable to type"],
  ["a path that no case has", cases('["id", "nr"]'), "'\"nr\"' is not assignable to type"],
  ["a key made of a field that the input lacks", unique("unique: { by: ({ m }) => m }"), "'m' does not exist"],
  [
    "a key made of another type than the input's",
    unique("unique: { by: (input: { n: string }) => input.n }"),
    "is not assignable to type",
  ],
  [
    "a path of a limit that the input lacks",
    unique('concurrency: { limit: 1, by: ["m"] }'),
    "is not assignable to type",
  ],
  ["a path of one of several limits", unique('concurrency: [5, { limit: 1, by: ["m"] }]'), "is not assignable to type"],
  ["a path of an order that the input lacks", unique('order: { by: ["user.name"] }'), "is not assignable to type"],
  [
    "a path of a rate into a date",
    unique('rateLimit: { limit: 1, per: "1s", by: ["at.x"] }'),
    "is not assignable to type",
  ],
  ["turns by what the input lacks", unique("fairness: { by: ({ m }) => m }"), "'m' does not exist"],
  [
    "a limit by another type than the input's",
    unique("concurrency: { limit: 1, by: (input: { n: string }) => input.n }"),
    "is not assignable to type",
  ],
  ["a rate without its time", unique("rateLimit: { limit: 5 }"), "'per' is missing"],
  ["a rate per 5", unique("rateLimit: { limit: 5, per: 5 }"), "is not assignable to type"],
  [
    "a limit by key of a whole queue",
    "void defineJobs({ one: job({ input: z.string() }) }, { queues: { default: { concurrency: { limit: 1 } } } });",
    "is not assignable to type",
  ],
  ["a tag that is no text", "void jobs.sendEmail.enqueue(input, { tags: [5] });", "is not assignable to type"],
  ["a key that comes later", unique("unique: { by: async ({ n }) => n }"), "is not assignable to type"],
  ["a key that is a set", unique("unique: { by: ({ n }) => new Set([n]) }"), "is not assignable to type"],
  ["unique jobs without `by`", unique('unique: { while: "live" }'), "'by' is missing"],
  ["a scope that does not exist", unique('unique: { by: [], while: "forever" }'), "'\"forever\"' is not assignable"],
  ["a debounce without its time", unique("debounce: { by: [] }"), "'wait' is missing"],
  [
    "a throttle with a debounce's option",
    unique('throttle: { by: [], per: "1h", wait: "1s" }'),
    "'wait' does not exist",
  ],
  ["a unique key of many jobs", 'void jobs.sendEmail.enqueueMany([input], { unique: "mine" });', "is not assignable"],
  ["a unique key that is a number", "void jobs.sendEmail.enqueue(input, { unique: 5 });", "'number' is not assignable"],
  [
    "metadata that are no texts",
    "void jobs.sendEmail.enqueue(input, { metadata: { n: 5 } });",
    "'number' is not assignable",
  ],
  [
    "an outcome that does not exist",
    'void jobs.sendEmail.enqueue(input).then(({ outcome }) => outcome === "ignored");',
    "no overlap",
  ],
  ["a change in ms", 'void jobs.$control.change({ id: "1", delayMs: 5 });', "'delayMs' does not exist"],
  ["a pause of nothing", "void jobs.$control.pause({});", "is not assignable to parameter"],
  ["an event that there is none of", 'jobs.sendEmail.on("retrying", () => {});', "is not assignable to parameter"],
  ["an output of another event", 'jobs.sendEmail.on("dead", ({ output }) => output);', "'output' does not exist"],
  [
    "a field that an event's output lacks",
    'jobs.sendEmail.on("succeeded", ({ output }) => output.id);',
    "'id' does not exist",
  ],
  [
    "a failure of a job that declares none",
    'jobs.sendEmail.on("dead", ({ failure }) => failure?.name);',
    "'name' does not exist on type 'never'",
  ],
  ["an event of a job of another schema", 'jobs.$events.on("dead", ({ job }) => job === "sendMail");', "no overlap"],
  [
    "an output of any job",
    'jobs.$events.on("succeeded", ({ output }) => output.messageId);',
    "'messageId' does not exist",
  ],
  [
    "an output of any end of a stream",
    "void (async () => { for await (const event of jobs.$events.stream()) event.output; })();",
    "'output' does not exist",
  ],
  ["a stream from a text", 'void jobs.$events.stream({ since: "yesterday" });', "is not assignable to type 'Date"],
  ["a drain by states", 'void jobs.$control.drain({ states: ["dead"] });', "'states' does not exist"],
  [
    "a schedule with another input",
    'void jobs.buildReport.schedule("a", { cron: "0 3 * * *", input: { since: "today" } });',
    "'string' is not assignable to type 'Date'",
  ],
  [
    "a schedule without a cron",
    'void jobs.buildReport.schedule("a", { input: { since: new Date() } });',
    "'cron' is missing",
  ],
  [
    "a schedule with another input, in the schema",
    'void job({ input: z.object({ day: z.date() }), schedules: { a: { cron: "0 3 * * *", input: { day: 1 } } } });',
    "'number' is not assignable to type 'Date'",
  ],
  [
    "a schedule whose function makes another input, in the schema",
    'void job({ input: z.object({ day: z.date() }), schedules: { a: { cron: "0 3 * * *", input: (slot) => ({ day: slot.getTime() }) } } });',
    "is not assignable to type",
  ],
  ["an empty list of delays, in the schema", retry('{ backoff: "list", delays: [] }'), "is not assignable to type"],
];

describe("a generated client, to the compiler", () => {
  let project: Project;
  /** Messages by line of the file, from 1. */
  const errors = new Map<number, string>();
  const firstLine = imports.split("\n").length;

  beforeAll(async () => {
    project = createProject({ "jobs.schema.ts": schema });
    await generate({ cwd: project.folder });
    // A block each, so that a name may be used twice; all in one file, because each run of the compiler takes a second.
    const statements = wrong.map(([, statement]) => (statement.startsWith("export") ? statement : `{ ${statement} }`));
    project.write("wrong.ts", `${imports}${statements.join("\n")}\n`);
    project.write("right.ts", `${imports}${right.map((statement) => `{ ${statement} }`).join("\n")}\n`);
    let line = 0;
    for (const text of project.compile().split("\n")) {
      line = Number(/^wrong\.ts\((\d+),/.exec(text)?.[1] ?? (text.startsWith(" ") ? line : 0));
      errors.set(line, `${errors.get(line) ?? ""}${text}\n`);
    }
  });

  afterAll(() => project[Symbol.dispose]());

  it("is right where it is used as it should be", () => {
    expect(errors.get(0)?.trim() ?? "").toBe("");
  });

  it.each(wrong.map(([what, , message], index) => [what, message, firstLine + index] as const))(
    "has no place for %s",
    (_, message, line) => {
      expect(errors.get(line) ?? "no error").toContain(message);
    },
  );
});
