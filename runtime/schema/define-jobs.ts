import type { $ZodType } from "zod/v4/core";
import { readBatch } from "./batch.ts";
import { readLimits, refuseUnequalShares } from "./limits.ts";
import { checkNames } from "./names.ts";
import { parseFingerprint } from "./plan-parse.ts";
import { createOptionReader, type OptionReader } from "./option-reader.ts";
import { keepDeclared, readDeclarations } from "./namespaces.ts";
import type { Declaration, JobDeclaration, JobDefinition, JobOptions, JobsSchema, SchemaOptions } from "./options.ts";
import { type Report, type SchemaProblem, schemaError, show } from "./problems.ts";
import { type QueueGates, readQueues, refuseUnused } from "./queue-limits.ts";
import { readRetry } from "./retry.ts";
import { readSchedules } from "./schedules.ts";
import { readUnique } from "./unique.ts";
import { isWorkflow, readWorkflows } from "./workflow.ts";
import { isZod4, readSchema } from "./zod-schema.ts";
import { readUpgrades } from "./upgrades.ts";

const schemaBrand = Symbol.for("jobwright.schema");
const jobBrand = Symbol.for("jobwright.job");

const jobOptions = [
  "input",
  "output",
  "queue",
  "priority",
  "version",
  "upgrade",
  "timeout",
  "expireAfter",
  "maxCrashes",
  "retry",
  "unique",
  "keepLogs",
  "maxWaiting",
  "concurrency",
  "rateLimit",
  "order",
  "fairness",
  "debounce",
  "throttle",
  "schedules",
  "errors",
  "progress",
  "discardOn",
  "retryOn",
  "transactional",
  "batch",
  "encrypted",
  "description",
  "deprecated",
] as const satisfies readonly (keyof JobOptions)[];

/** Declares one job. Its options are checked by `defineJobs`, which knows the name. */
export function job<Input extends $ZodType, Output extends $ZodType | undefined = undefined>(
  options: JobOptions<Input, Output>,
): JobDeclaration<Input, Output> {
  return Object.freeze({ options, [jobBrand]: true });
}

/**
 * Declares all jobs and workflows of an application; the default export of `jobs.schema.ts`. What it returns can be a namespace
 * of another one: `defineJobs({ billing })` has the jobs `billing.charge`, …. Throws `JW_SCHEMA_INVALID` with all problems in
 * `details.problems`.
 */
export function defineJobs<const Declarations extends Readonly<Record<string, Declaration>>>(
  declarations: Declarations,
  options: SchemaOptions = {},
): JobsSchema<Declarations> {
  const problems: SchemaProblem[] = [];
  const report: Report = (problem) => problems.push(problem);
  const { entries, options: all } = readDeclarations(declarations, options, report);
  checkNames(
    entries.map(({ path }) => path),
    report,
  );
  const queues = readQueues(all, report);
  const declaredJobs = entries.filter(({ declaration }) => !isWorkflow(declaration));
  const jobs = declaredJobs.flatMap(({ name, declaration }) => {
    const definition = readJob(name, declaration, queues, report);
    return definition ? [[name, definition] as const] : [];
  });
  refuseUnused(
    queues,
    jobs.map(([, { queue }]) => queue),
    report,
  );
  refuseUnequalShares(
    jobs.map(([, definition]) => definition),
    report,
  );
  const workflows = readWorkflows(
    entries.filter(({ declaration }) => isWorkflow(declaration)),
    declaredJobs.map(({ name }) => name),
    report,
  );
  if (problems.length > 0) throw schemaError(problems);
  const schema = {
    jobs: Object.freeze(Object.fromEntries(jobs)),
    workflows: Object.freeze(Object.fromEntries(workflows)),
    fingerprintOf: parseFingerprint,
    ...keepDeclared(declarations, options),
    [schemaBrand]: true,
  };
  return Object.freeze(schema) as unknown as JobsSchema<Declarations>; // one definition per declaration, by the loop above
}

function readJob(name: string, declaration: unknown, queues: QueueGates, report: Report): JobDefinition | undefined {
  if (typeof declaration !== "object" || declaration === null || !(jobBrand in declaration)) {
    report({
      job: name,
      path: [],
      message: `${name} is ${show(declaration)}, not a job.`,
      hint: "Give it job({ input: … }), workflow({ … }), or what another defineJobs({ … }) returned.",
    });
    return undefined;
  }
  const options: unknown = "options" in declaration ? declaration.options : undefined;
  const read = createOptionReader(options, { job: name, path: [], report });
  if (typeof options !== "object" || options === null) return undefined;
  read.known(jobOptions);
  const input = readSchema(options, "input", name, report);
  const output = readSchema(options, "output", name, report);
  const progress = readSchema(options, "progress", name, report);
  const queue = readQueue(read.text("queue") ?? "default", name, report);
  const version = read.integer("version", { min: 1, max: 2_147_483_647, fallback: 1 });
  return Object.freeze({
    name,
    // A refused input leaves nothing to generate; the caller throws.
    input: input as $ZodType,
    output,
    hasOutput: output !== undefined,
    queue,
    priority: read.integer("priority", { min: -32_768, max: 32_767, fallback: 0 }),
    version,
    ...readUpgrades(options, read, { job: name, version, report }),
    timeoutMs: readTimeout(read.duration("timeout", "10m"), name, report),
    ...(read.has("expireAfter") ? { expireAfterMs: readExpiry(read) } : {}),
    maxCrashes: read.integer("maxCrashes", { min: 1, max: 32_767, fallback: 3 }),
    retry: readRetry("retry" in options ? options.retry : undefined, name, report),
    ...(read.has("keepLogs") ? { keepLogs: read.integer("keepLogs", { min: 0, max: maxKeptLines, fallback: 0 }) } : {}),
    ...(read.has("maxWaiting")
      ? { maxWaiting: read.integer("maxWaiting", { min: 1, max: 1_000_000_000, fallback: 1 }) }
      : {}),
    ...readUnique(options, read, name, report),
    ...readLimits(options, { job: name, queue, report }, queues.get(queue) ?? []),
    ...readSchedules(options, input, name, report),
    ...readErrors(options, name, report),
    ...(progress ? { progress } : {}),
    ...readClassification(read, name),
    ...(read.flag("transactional") ? { transactional: true as const } : {}),
    ...readBatch(options, read, name, report),
    ...(read.flag("encrypted") ? { encrypted: true as const } : {}),
    description: read.text("description"),
    deprecated: read.text("deprecated"),
  });
}

/** Lines of `ctx.log` per attempt. */
export const maxKeptLines = 1_000;

const queuePattern = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/;

function readQueue(queue: string, job: string, report: Report): string {
  if (!queuePattern.test(queue)) {
    report({
      job,
      path: ["queue"],
      message: `${job}.queue is ${show(queue)}, which cannot name a queue.`,
      hint: "Start with a letter, then letters, digits, `_`, `.` or `-`; at most 128 characters.",
    });
  }
  return queue;
}

/** setTimeout's limit: a longer one would fire at once. */
const maxTimeoutMs = 2_147_483_647;

function readTimeout(timeoutMs: number, job: string, report: Report): number {
  if (timeoutMs < 1 || timeoutMs > maxTimeoutMs) {
    report({
      job,
      path: ["timeout"],
      message: `${job}.timeout is ${timeoutMs < 1 ? "shorter than 1 ms" : "longer than 24 days"}.`,
      hint: 'Give the time that one attempt may take, e.g. "30s" or "2h".',
    });
  }
  return timeoutMs;
}

function readExpiry(read: OptionReader): number {
  const expireAfterMs = read.duration("expireAfter", "1d");
  if (expireAfterMs < 1) read.refuse("expireAfter", "is shorter than 1 ms", 'Give a time such as "10m".');
  return expireAfterMs;
}

const errorName = /^[A-Z][A-Za-z0-9]{0,63}$/;
/** Names that JavaScript's and jobwright's own errors have: nobody could tell whose they are. */
const takenNames = new Set(
  "Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError JobwrightError RetryAfter Discard Snooze".split(
    " ",
  ),
);

function readErrors(options: object, job: string, report: Report): { errors?: Readonly<Record<string, $ZodType>> } {
  const errors: unknown = "errors" in options ? options.errors : undefined;
  if (errors === undefined) return {};
  if (typeof errors !== "object" || errors === null || Array.isArray(errors)) {
    report({
      job,
      path: ["errors"],
      message: `${job}.errors is ${show(errors)}, not an object.`,
      hint: "Write errors: { Bounced: z.object({ … }) }.",
    });
    return {};
  }
  for (const [name, schema] of Object.entries(errors)) {
    const refuse = (reason: string, hint: string): void =>
      report({ job, path: ["errors", name], message: `${job}.errors.${name} ${reason}.`, hint });
    if (!errorName.test(name))
      refuse("is no name for an error", 'Use a word such as "Bounced": a capital, then letters and digits.');
    else if (takenNames.has(name)) refuse("has the name of an error that exists", "Choose another name.");
    if (!isZod4(schema))
      refuse(
        `is ${show(schema)}, not a zod schema`,
        "Write z.object({ … }), or z.object({}) for an error without data.",
      );
  }
  return { errors: Object.freeze({ ...errors }) as Readonly<Record<string, $ZodType>> }; // looked at above
}

function readClassification(
  read: OptionReader,
  job: string,
): { discardOn?: readonly string[]; retryOn?: readonly string[] } {
  const discardOn = read.texts("discardOn");
  const retryOn = read.texts("retryOn");
  if (discardOn && retryOn) {
    read.refuse(
      "discardOn",
      "and retryOn are both given",
      `Keep one of them: ${job} then treats all other errors the other way.`,
    );
  }
  return { ...(discardOn && { discardOn }), ...(retryOn && { retryOn }) };
}
