/**
 * The process that runs the user's schema file. It is started for one load and ends with it, so that nothing the file
 * does (prints, leaves timers, changes globals) reaches the generator.
 */
import { pathToFileURL } from "node:url";
import type { $ZodType } from "zod/v4/core";
import { JobwrightError } from "../../runtime/contract/errors.ts";
import { schemaOf } from "../../runtime/core/schema-module.ts";
import type { JobDefinition, JobsSchema } from "../../runtime/schema/index.ts";
import { planParse } from "../../runtime/schema/plan-parse.ts";
import type { SchemaProblem } from "../../runtime/schema/problems.ts";
import { checkKeyPaths, type KeyPaths } from "../model/key-paths.ts";
import type { JobContract } from "../model/contract.ts";
import { type JobModel, type NamedType, parsedSides, type Problem } from "../model/model.ts";
import { checkWorkflows } from "../model/workflow-checks.ts";
import { contractsOf } from "./contract-of.ts";
import type { ChildMessage, Compiling, Go, Known } from "./protocol.ts";
import { createHints } from "./hints.ts";
import { objectOf } from "./object-of.ts";
import { refusal } from "./refusals.ts";
import { sensitiveOf } from "./sensitive.ts";
import { createWalker, type Walker } from "./walk.ts";
import { warmUp } from "./warm-up.ts";
import { workflowModelOf } from "./workflow-model.ts";

const [file, mode] = process.argv.slice(2);
const send = process.send?.bind(process);
const exit = process.exit.bind(process);
// What the schema imports may tell whoever started it that it is ready; that would be taken for the answer.
delete process.send;
let known: ReadonlyMap<string, number> = new Map();

const unreadable = {
  toJson: {
    type: "unreadable",
    message: "or something that it imports, gives every object a `toJSON`, so that nothing can be read of it.",
    hint: "Leave Object.prototype and Array.prototype as they are.",
  },
  tooDeep: {
    type: "unreadable",
    message: `has a schema that ${refusal.tooDeep.message}`,
    hint: refusal.tooDeep.hint,
  },
} as const satisfies Readonly<Record<string, ChildMessage>>;

if (file !== undefined && send) {
  // The channel closes when the generator ends first; nobody is left to load for.
  process.on("disconnect", () => exit(0));
  if (mode === "wait") await waitForGo();
  // Without this, a top-level await that nothing can settle would wait until the time is up, instead of ending here.
  process.channel?.unref();
  const message = await load(file);
  send(message, () => exit(0));
}

/** Until the schema has changed: what every load does first is done before, and the texts of the last load are learnt. */
async function waitForGo(): Promise<void> {
  let isGo = false;
  const go = new Promise<void>((resolve) => {
    const listen = (message: Go | Known): void => {
      if (message.type === "known") {
        known = new Map(message.texts.map((text, index) => [text, index]));
        return;
      }
      isGo = true;
      process.off("message", listen);
      resolve();
    };
    process.on("message", listen);
  });
  await warmUp(describe, () => isGo);
  await go;
}

async function load(path: string): Promise<ChildMessage<JobModel | number>> {
  let module: unknown;
  try {
    module = await import(pathToFileURL(path).href);
  } catch (error) {
    return removeToJson() ? unreadable.toJson : failure(error);
  }
  if (removeToJson()) return unreadable.toJson;
  try {
    return withoutKnown(describe(module, path));
  } catch (error) {
    if (error instanceof RangeError && error.message.includes("call stack")) return unreadable.tooDeep;
    // A getter of a recursive schema is user code too.
    return failure(error);
  }
}

/** Whether there was one, which would have been asked for the message to the generator, too. */
function removeToJson(): boolean {
  const found = [Object.prototype, Array.prototype].filter((prototype) => "toJSON" in prototype);
  for (const prototype of found) Reflect.deleteProperty(prototype, "toJSON");
  return found.length > 0;
}

function withoutKnown(message: ChildMessage): ChildMessage<JobModel | number> {
  if (message.type !== "loaded" || known.size === 0) return message;
  return { ...message, jobs: message.jobs.map((job) => known.get(JSON.stringify(job)) ?? job) };
}

function failure(error: unknown): ChildMessage {
  if (JobwrightError.is(error) && error.code === "JW_SCHEMA_INVALID")
    return { type: "invalid", problems: problemsOf(error), stack: error.stack ?? "" };
  if (JobwrightError.is(error) && error.code === "JW_SCHEMA_LOAD") {
    return { type: "no-schema", message: error.message, hint: error.hint ?? "" };
  }
  if (error instanceof Error)
    return { type: "threw", message: `${error.name}: ${error.message}`, stack: error.stack ?? "" };
  return { type: "threw", message: `a thrown ${typeof error}: ${textOf(error)}`, stack: "" };
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "it has no text";
  }
}

function problemsOf(error: JobwrightError): readonly Problem[] {
  const problems = error.details["problems"] as readonly SchemaProblem[]; // put there by defineJobs
  return problems.map((problem) => ({ ...problem, code: "JW_SCHEMA_INVALID" }));
}

function describe(module: unknown, path: string): ChildMessage {
  const { jobs, workflows } = schemaOf(module) as unknown as JobsSchema; // the brand says so
  const names = exportNames(module);
  const walker = createWalker(names, createHints(path, tellCompiling));
  const definitions = Object.values(jobs).sort((a, b) => (a.name < b.name ? -1 : 1));
  const models = definitions.map((definition) => modelOf(definition, walker));
  const flowDefinitions = Object.values(workflows).sort((a, b) => (a.name < b.name ? -1 : 1));
  const flows = flowDefinitions.map((definition) => workflowModelOf(definition, walker));
  const named = walker.named();
  const unreadable = walker.problems();
  // What could not be read has no type that something could fail to fit.
  const misfits = unreadable.length > 0 ? [] : checkWorkflows({ jobs: models, workflows: flows, named });
  const problems = [...unreadable, ...keyProblems(definitions, models, named), ...misfits];
  // What cannot be stored has no contract.
  const contracts = problems.length > 0 ? [] : contractsOf([...definitions, ...flowDefinitions], names);
  const complete = models.map((model, index) => withContract(model, contracts[index]));
  const whole = flows.map((model, index) => withContract(model, contracts[models.length + index]));
  return { type: "loaded", jobs: complete, ...(whole.length > 0 ? { workflows: whole } : {}), named, problems };
}

function tellCompiling(): void {
  const message: Compiling = { type: "compiling" };
  send?.(message);
}

function withContract<T>(model: T, contract: JobContract = { input: { kind: "never" } }) {
  return { ...model, contract };
}

type ModelWithoutContract = Omit<JobModel, "contract">;

function keyProblems(
  definitions: readonly JobDefinition[],
  models: readonly ModelWithoutContract[],
  named: readonly NamedType[],
): readonly Problem[] {
  const types = new Map(named.map((type) => [type.id, type.in]));
  return models.flatMap((model, index) => {
    const definition = definitions[index];
    return definition ? keysOf(definition).flatMap((key) => checkKeyPaths(model, key, types)) : [];
  });
}

function keysOf({ unique, uniqueForm, gates = [], gatePlaces = {} }: JobDefinition): readonly KeyPaths[] {
  const own = unique?.by && uniqueForm ? [{ place: [uniqueForm], by: unique.by }] : [];
  const ofGates = gates.flatMap(({ policy, by }) => {
    const place = gatePlaces[policy];
    return place && Array.isArray(by) ? [{ place, by }] : [];
  });
  return [...own, ...ofGates];
}

function exportNames(module: unknown): ReadonlyMap<unknown, string> {
  const exports = Object.entries(module as object).filter(([name]) => name !== "default"); // schemaOf found an export in it
  return new Map(exports.map(([name, value]) => [value, name]));
}

function modelOf(definition: JobDefinition, walker: Walker): ModelWithoutContract {
  const { name, queue, version, priority, retry, timeoutMs, maxCrashes, description, deprecated, output, progress } =
    definition;
  const { upgrades, keepLogs, maxWaiting, errors, discardOn, retryOn, expireAfterMs, unique, gates, schedules, batch } =
    definition;
  const sensitive = sensitiveOf(definition);
  const walk = (schema: $ZodType, side: string): JobModel["input"] => walker.walk(schema, name, [side]);
  return {
    name,
    queue,
    version,
    ...(upgrades ? { upgrades } : {}),
    priority,
    retry,
    timeoutMs,
    ...(expireAfterMs === undefined ? {} : { expireAfterMs }),
    maxCrashes,
    ...(unique ? { unique } : {}),
    ...(keepLogs === undefined ? {} : { keepLogs }),
    ...(maxWaiting === undefined ? {} : { maxWaiting }),
    ...(gates ? { gates } : {}),
    ...(schedules ? { schedules } : {}),
    ...(definition.transactional ? { transactional: true } : {}),
    ...(batch ? { batch } : {}),
    docs: {
      ...(description === undefined ? {} : { text: description }),
      ...(deprecated === undefined ? {} : { deprecated }),
    },
    input: walk(definition.input, "input"),
    ...(output ? { output: walk(output, "output") } : {}),
    ...(errors ? { errors: objectOf(errors, (schema, error) => walker.walk(schema, name, ["errors", error])) } : {}),
    ...(progress ? { progress: walk(progress, "progress") } : {}),
    ...(discardOn ? { discardOn } : {}),
    ...(retryOn ? { retryOn } : {}),
    ...(definition.encrypted ? { encrypted: true } : {}),
    ...(sensitive ? { sensitive } : {}),
    ...parseOf(definition),
  };
}

function parseOf(definition: JobDefinition): Pick<JobModel, "parse"> {
  const plans = parsedSides.flatMap((side) => {
    const plan = definition[side] && planParse(definition[side]);
    return plan ? [[side, plan] as const] : [];
  });
  return plans.length === 0 ? {} : { parse: Object.fromEntries(plans) };
}
