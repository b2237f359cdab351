import { JobwrightError } from "../contract/index.ts";
import type { JobDescriptor, SchemaDescriptor } from "./descriptor.ts";
import { type EmittedParser, invalid } from "./emitted-parser.ts";
import type { JobSchemas, LoadedJob, LoadedWorkflow, Parser, ParseIssue } from "./schema-module.ts";

/**
 * Stands in for `jobs.schema.ts` where neither the file nor zod is at hand: enough to enqueue and to follow jobs. What is
 * stored is the input as it was given, never what zod makes of it, so leaving zod out changes nothing in a store; the worker
 * parses every payload with the schema.
 */
export function withoutSchema({ jobs, workflows = [] }: SchemaDescriptor): JobSchemas {
  const loaded = new Map(jobs.map((job) => [job.name, loadedOf(job)]));
  const flows = new Map(
    workflows.map(({ name, plan }): [string, LoadedWorkflow] => {
      const signals = plan.nodes.filter(({ action }) => action.kind === "signal");
      const names = signals.map((node): [string, Parser] => [node.name, absent(`the signal ${node.name} of ${name}`)]);
      const hasOutput = plan.nodes.some(({ action }) => action.kind === "end" && action.output !== undefined);
      const output = hasOutput ? absent(`the output of ${name}`) : undefined;
      return [name, { input: absent(`the input of ${name}`), output, signals: Object.fromEntries(names) }];
    }),
  );
  return {
    job: (name) => loaded.get(name) ?? needs(`the job ${name}`),
    workflow: (name) => flows.get(name) ?? needs(`the workflow ${name}`),
  };
}

function loadedOf({ name, hasOutput, parsers = {}, unique, gates = [], schedules = {} }: JobDescriptor): LoadedJob {
  const keyed = gates.filter(({ by }) => by === "function");
  const byFunction = (what: string) => (): never => needs(what);
  return {
    input: parsers.input ? lenient(parsers.input) : anything,
    ...(hasOutput ? { output: strict(parsers.output) ?? absent(`the output of ${name}`) } : {}),
    // Without one nothing tells whether the progress is more than a number; unreadable, it is undefined to the caller.
    ...(parsers.progress ? { progress: strict(parsers.progress) ?? unreadable } : {}),
    ...(unique && !unique.by ? { uniqueBy: byFunction(`the unique key of ${name}`) } : {}),
    gateBy: Object.fromEntries(keyed.map(({ policy }) => [policy, byFunction(`the limit ${policy}`)])),
    scheduleInputs: Object.fromEntries(
      Object.keys(schedules).map((schedule) => [schedule, byFunction(`the schedule ${name}.${schedule}`)]),
    ),
  };
}

const anything: Parser = { safeParse: (data) => ({ success: true, data }) };

const refused: ParseIssue = { path: [], message: "refused; a client with its schema tells where", code: "refused" };
const refusal = { success: false, error: { issues: [refused] } } as const;

const unreadable: Parser = { safeParse: () => refusal };

/** Asks only whether a value is accepted, and accepts whatever is zod's to decide: never stricter than the schema. */
function lenient(emitted: EmittedParser): Parser {
  let asked = false;
  // Any part of a schema, and whatever leads to it: paths go through `_zod.def` to members, and through their keys.
  const part: Parser = new Proxy(anything, {
    get(target, key): unknown {
      // What fills an absent value is unknown, and so is what becomes of it.
      if (key === "defaultValue") asked = true;
      return key === "safeParse" ? target.safeParse : part;
    },
  });
  let parse: ((value: unknown) => unknown) | undefined;
  return {
    safeParse(data) {
      parse ??= emitted.bind(part);
      asked = false;
      return parse(data) === invalid && !asked ? refusal : { success: true, data };
    },
  };
}

/** Gives what the schema would give; undefined if a part of it is zod's to decide. */
function strict(emitted: EmittedParser | undefined): Parser | undefined {
  if (!emitted) return undefined;
  let parse: (value: unknown) => unknown;
  try {
    parse = emitted.bind(undefined);
  } catch {
    return undefined; // it looks for a part of the schema
  }
  return {
    safeParse(value) {
      const data = parse(value);
      return data === invalid ? refusal : { success: true, data };
    },
  };
}

function absent(what: string): Parser {
  return { safeParse: () => needs(what) };
}

function needs(what: string): never {
  throw new JobwrightError("JW_SCHEMA_NEEDED", `Only the schema knows ${what}, and this client was made without.`, {
    hint: "Leave `schema: false` out of createJobs, and deploy jobs.schema.ts and zod with this process.",
  });
}
