import { JobwrightError } from "../contract/index.ts";
import type { JobDescriptor, SchemaDescriptor } from "./descriptor.ts";
import type { FlowPlan } from "./flow/plan.ts";
import { withEmittedParser } from "./emitted-parser.ts";
import type { Upgrade } from "./upgrade.ts";

/** What the runtime needs of a zod schema, structurally: no zod import on this side. */
export interface Parser {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: unknown }
    | { readonly success: false; readonly error: { readonly issues: readonly ParseIssue[] } };
}

export interface ParseIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string | undefined;
}

export interface LoadedJob {
  readonly input: Parser;
  readonly output?: Parser | undefined;
  readonly errors?: Readonly<Record<string, Parser>> | undefined;
  /** Absent: the progress is a number. */
  readonly progress?: Parser | undefined;
  /** What the keys of gates are made of, by policy, where the schema has functions for them. */
  readonly gateBy?: Readonly<Record<string, (input: unknown) => unknown>> | undefined;
  /** What a unique key is made of, if the schema has a function for it. */
  readonly uniqueBy?: ((input: unknown) => unknown) | undefined;
  /** Inputs of the schedules, by name: values, or functions of the slot. */
  readonly scheduleInputs?: Readonly<Record<string, unknown>> | undefined;
  /** What carries jobs of older versions forward, by version. */
  readonly upgrade?: Readonly<Record<string, Upgrade>> | undefined;
}

/** A workflow of the schema, without its plan, which stands in generated code. */
export interface LoadedWorkflow {
  readonly input: Parser;
  readonly output?: Parser | undefined;
  /** Payloads of its signals, by name. */
  readonly signals: Readonly<Record<string, Parser>>;
}

/** The part of `defineJobs`' result that the runtime uses. */
export interface LoadedSchema {
  readonly jobs: Readonly<Record<string, LoadedJob>>;
  readonly workflows: Readonly<Record<string, LoadedWorkflow>>;
  /** Changes with what a schema accepts and makes; undefined: nobody can tell. */
  readonly fingerprintOf: (schema: Parser) => string | undefined;
}

const brand = Symbol.for("jobwright.schema");

/** Takes the schema out of an imported `jobs.schema.ts`. Throws `JW_SCHEMA_LOAD`. */
export function schemaOf(module: unknown): LoadedSchema {
  const exported = (module as { readonly default?: unknown } | undefined)?.default;
  if (typeof exported === "object" && exported !== null && brand in exported) {
    return exported as unknown as LoadedSchema; // branded by defineJobs
  }
  throw new JobwrightError("JW_SCHEMA_LOAD", "jobs.schema.ts has no default export made by `defineJobs`.", {
    hint: "End the file's declaration with `export default defineJobs({ … })`.",
  });
}

/** The schemas of the jobs and workflows that a generated descriptor names. */
export interface JobSchemas {
  readonly job: (name: string) => LoadedJob;
  readonly workflow: (name: string) => LoadedWorkflow;
}

/** Imports the schema and makes sure that the generated code belongs to it. Throws `JW_STALE_CLIENT`, `JW_SCHEMA_LOAD`. */
export async function loadSchema(descriptor: SchemaDescriptor): Promise<JobSchemas> {
  const schema = schemaOf(await descriptor.loadSchema());
  const { jobs, workflows } = schema;
  const found = new Map<string, LoadedJob>();
  for (const job of descriptor.jobs) {
    const loaded = Object.hasOwn(jobs, job.name) ? jobs[job.name] : undefined;
    if (!loaded) throw stale(`a job ${job.name}`);
    checkFunctions(job, loaded);
    found.set(job.name, withParsers(job, loaded, schema));
  }
  const workflow = (name: string): LoadedWorkflow => {
    const loaded = Object.hasOwn(workflows, name) ? workflows[name] : undefined;
    return loaded ?? refuse(`a workflow ${name}`);
  };
  for (const { name, plan } of descriptor.workflows ?? []) checkSignals(plan, name, workflow(name));
  return { job: (name) => found.get(name) ?? refuse(`a job ${name}`), workflow };
}

function withParsers({ parsers }: JobDescriptor, job: LoadedJob, { fingerprintOf }: LoadedSchema): LoadedJob {
  if (!parsers) return job;
  const { input, output, progress } = job;
  return {
    ...job,
    input: withEmittedParser(input, parsers.input, fingerprintOf),
    ...(output ? { output: withEmittedParser(output, parsers.output, fingerprintOf) } : {}),
    ...(progress ? { progress: withEmittedParser(progress, parsers.progress, fingerprintOf) } : {}),
  };
}

/** A key that nobody makes any more would leave the job without its limit, in silence, and a missing upgrade ends old jobs. */
function checkFunctions(
  { name, unique, gates = [], upgrades = [] }: JobDescriptor,
  { uniqueBy, gateBy, upgrade }: LoadedJob,
): void {
  if (unique && !unique.by && !uniqueBy) throw stale(`a function for the unique key of ${name}`);
  for (const { policy, by } of gates) {
    if (by === "function" && !gateBy?.[policy]) throw stale(`a function for the limit ${policy}`);
  }
  for (const version of upgrades) {
    if (!upgrade?.[version]) throw stale(`an upgrade of version ${version} of ${name}`);
  }
}

/** A signal that the schema does not have any more would be taken unseen. */
function checkSignals({ nodes }: FlowPlan, workflow: string, { signals }: LoadedWorkflow): void {
  const missing = nodes.find(({ name, action }) => action.kind === "signal" && !Object.hasOwn(signals, name));
  if (missing) throw stale(`a signal ${missing.name} of ${workflow}`);
}

function refuse(what: string): never {
  throw stale(what);
}

function stale(what: string): JobwrightError {
  return new JobwrightError("JW_STALE_CLIENT", `The generated code has ${what} that jobs.schema.ts lacks.`, {
    hint: "Run `jobwright codegen`.",
  });
}
