import type { $ZodType } from "zod/v4/core";
import { schemaOf } from "../../runtime/core/schema-module.ts";
import type { JobDefinition, JobsSchema } from "../../runtime/schema/index.ts";
import { planParse } from "../../runtime/schema/plan-parse.ts";
import type { JobContract } from "../model/contract.ts";
import { checkKeyPaths, type KeyPaths } from "../model/key-paths.ts";
import { type JobModel, type NamedType, parsedSides, type Problem, type WorkflowModel } from "../model/model.ts";
import { checkWorkflows } from "../model/workflow-checks.ts";
import { contractsOf } from "./contract-of.ts";
import type { Hints } from "./hints.ts";
import { objectOf } from "./object-of.ts";
import { sensitiveOf } from "./sensitive.ts";
import { createWalker, type Walker } from "./walk.ts";
import { workflowModelOf } from "./workflow-model.ts";

/** What a schema says, and what can be made of it. */
export interface Described {
  readonly jobs: readonly JobModel[];
  readonly workflows: readonly WorkflowModel[];
  readonly named: readonly NamedType[];
  readonly problems: readonly Problem[];
}

/** Reads schemas of one file, which share the types that have names. */
export interface Describer {
  /** `kept`: jobs that are what they were, by name; only others are read. */
  describe(schema: JobsSchema, kept?: ReadonlyMap<string, JobModel>): Described;
}

/** Throws `JW_SCHEMA_LOAD`. */
export function describeModule(module: unknown, hints: Hints): Described {
  return createDescriber(module, hints).describe(schemaIn(module));
}

/** Throws `JW_SCHEMA_LOAD`. */
export function schemaIn(module: unknown): JobsSchema {
  return schemaOf(module) as unknown as JobsSchema; // the brand says so
}

export function createDescriber(module: unknown, hints: Hints): Describer {
  const names = exportNames(module);
  const walker = createWalker(names, hints);
  return {
    describe({ jobs, workflows }, kept = new Map()) {
      const definitions = sorted(jobs).filter(({ name }) => !kept.has(name));
      const models = definitions.map((definition) => modelOf(definition, walker));
      const flowDefinitions = sorted(workflows);
      const flows = flowDefinitions.map((definition) => workflowModelOf(definition, walker));
      const named = walker.named();
      const unreadable = walker.problems();
      const all = [...kept.values(), ...models];
      // What could not be read has no type that something could fail to fit.
      const misfits = unreadable.length > 0 ? [] : checkWorkflows({ jobs: all, workflows: flows, named });
      const problems = [...unreadable, ...keyProblems(definitions, models, named), ...misfits];
      // What cannot be stored has no contract.
      const contracts = problems.length > 0 ? [] : contractsOf([...definitions, ...flowDefinitions], names);
      const complete = models.map((model, index) => withContract(model, contracts[index]));
      const whole = flows.map((model, index) => withContract(model, contracts[models.length + index]));
      return { jobs: sorted([...kept.values(), ...complete]), workflows: whole, named, problems };
    },
  };
}

/** By their names. */
function sorted<T extends { readonly name: string }>(all: Readonly<Record<string, T>> | readonly T[]): readonly T[] {
  return Object.values(all).sort((a: T, b: T) => (a.name < b.name ? -1 : 1));
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
