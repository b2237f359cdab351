import {
  type EndReason,
  isFinalState,
  type JobRecord,
  JobwrightError,
  type Need,
  type NewJob,
  type Provider,
} from "../contract/index.ts";
import type { JobDescriptor } from "../core/descriptor.ts";
import { type FlowPlace, settingsOf } from "../core/envelope.ts";
import { nodeId } from "../core/flow/ids.ts";
import { optionsOf } from "../core/flow/instantiate.ts";
import { type Makers, makerOf } from "../core/makers.ts";
import { flowJobName, flowJobVersion, isMemberName, memberName } from "../core/flow/names.ts";
import { actionOf, needsOf } from "../core/flow/outcomes.ts";
import { type Action, conditionOf } from "../core/flow/plan.ts";
import { decodeKnown, resolveTemplates, type Resolving } from "../core/flow/resolve.ts";
import { valueAt } from "../core/flow/evaluate.ts";
import { encodeTemplate, rewrite, type Template } from "../core/flow/template.ts";
import type { JobCodec } from "../core/job-codec.ts";
import { makeJob } from "../core/new-job.ts";
import { misfit, parseValue } from "../core/parse-value.ts";
import type { JobSchemas } from "../core/schema-module.ts";
import { createVault } from "../core/vault.ts";
import type { Runnable } from "./executor.ts";
import { NodeFailure } from "./node-failure.ts";

/**
 * The jobs that hold flows together, as every worker runs them: what they do is done again after a crash, with the same
 * outcome.
 */
const descriptor: JobDescriptor = {
  name: flowJobName,
  queue: "default",
  version: flowJobVersion,
  priority: 0,
  retry: {
    maxAttempts: 20,
    backoff: { kind: "exponential", delayMs: 1_000, factor: 2, maxMs: 600_000, jitter: "equal" },
  },
  timeoutMs: 600_000,
  maxCrashes: 100,
  hasOutput: true,
};

interface Task {
  readonly action: Action;
  readonly id: string;
  readonly flow: FlowPlace;
}

export function createFlowRunnable(
  provider: Provider,
  loadMakers: () => Promise<Makers>,
  loadSchemas: () => Promise<Pick<JobSchemas, "workflow">>,
): Runnable {
  const codec = createFlowCodec();
  return {
    descriptor,
    codec,
    everywhere: true,
    errors: {},
    checkpoints: { provider, vault: codec.vault },
    async handle(payload) {
      const task = payload as Task; // by the codec below
      const resolving = { provider, makers: await loadMakers(), id: task.id, flow: task.flow };
      if (task.action.kind === "input") return await giveInput(task.action, resolving, await loadSchemas());
      return await perform(task, resolving);
    },
  };
}

/** Stores actions as they are, and outputs as templates without expressions. */
function createFlowCodec(): JobCodec {
  const refuse = (): never => {
    throw new JobwrightError("JW_UNKNOWN_JOB", `${flowJobName} cannot be enqueued by itself.`);
  };
  return {
    vault: createVault(descriptor, undefined),
    errorNames: [],
    encodeError: refuse,
    decodeError: () => undefined,
    encodeInput: refuse,
    parseInput: refuse,
    decodePayload(payload, id): Task {
      const action = actionOf({ id, name: flowJobName, payload });
      const flow = settingsOf(payload)?.flow;
      if (action && flow) return { action, id, flow };
      throw new JobwrightError("JW_INVALID_PAYLOAD", `The node ${id} of a flow cannot be read.`);
    },
    encodeOutput: (output) => (output === undefined ? undefined : JSON.stringify(encodeTemplate(output))),
    decodeOutput: refuse,
  };
}

type InputAction = Extract<Action, { readonly kind: "input" }>;

/** As a job is given what it takes from other nodes. */
async function giveInput(
  { workflow, input }: InputAction,
  resolving: Resolving,
  schemas: Pick<JobSchemas, "workflow">,
): Promise<unknown> {
  const [value] = await resolveTemplates(resolving, [input]);
  return parseValue(schemas.workflow(workflow).input, value, (issues) =>
    misfit("JW_INVALID_PAYLOAD", `What ${workflow} takes from other nodes`, issues),
  );
}

async function perform({ action, id }: Task, resolving: Resolving): Promise<unknown> {
  switch (action.kind) {
    case "batch":
    case "timer":
    case "seal":
      return undefined;
    case "signal":
      throw new NodeFailure("expired", "No signal came in time.");
    case "map":
      return await expand(action, resolving);
    case "end":
      return await finish(action, id, resolving);
    default:
      throw new NodeFailure("invalid-payload", "The node is none of those that hold a flow together.");
  }
}

type MapAction = Extract<Action, { readonly kind: "map" }>;

/** Members per call. */
const chunk = 500;

/** As long as this job runs its batch is open. Members have ids of their own, so those of an earlier attempt are the same. */
async function expand(action: MapAction, resolving: Resolving): Promise<void> {
  const [items, input] = await resolveMap(action, resolving);
  const { id: flow } = resolving.flow;
  // A batch may be done with before its members are; the end waits for them all the same.
  const batch = { id: nodeId(flow, action.into), when: conditionOf(action.policy) };
  const end = { id: action.end === undefined ? flow : nodeId(flow, action.end), when: "finished" } as const;
  const neededBy = [batch, end];
  for (let from = 0; from < items.length; from += chunk) {
    const members = items.slice(from, from + chunk).map((item, index) => {
      return memberOf(action, resolving, input, item, from + index, neededBy);
    });
    if (!(await isAccepted(resolving.provider, members, neededBy))) return;
  }
}

/** The items, and the template of a member with values in the place of all that is no item. */
async function resolveMap({ items, input }: MapAction, resolving: Resolving): Promise<[readonly unknown[], Template]> {
  const outer: Template[] = [];
  const marked = rewrite(input, (expression) => {
    if (!("node" in expression)) return undefined;
    outer.push({ $: expression.of, node: expression.node, path: [...expression.path] });
    return undefined;
  });
  const [list, ...values] = await resolveTemplates(resolving, [items, ...outer]);
  if (!Array.isArray(list)) throw new JobwrightError("JW_INVALID_PAYLOAD", "The items of a map are no array.");
  const resolved = [...values];
  const filled = rewrite(marked, (expression) => ("node" in expression ? encodeTemplate(resolved.shift()) : undefined));
  return [list, filled];
}

function memberOf(
  { job, settings, into }: MapAction,
  { makers, flow }: Resolving,
  input: Template,
  item: unknown,
  index: number,
  neededBy: readonly Need[],
): NewJob {
  const node = memberName(into, index);
  const template = rewrite(input, (expression) =>
    expression.of === "item" ? encodeTemplate(valueAt(item, expression.path)) : undefined,
  );
  const value = decodeKnown(template);
  const options = {
    ...optionsOf(settings),
    id: nodeId(flow.id, node),
    unique: false,
    flow: { id: flow.id, node },
  } as const;
  return { ...makeJob(makerOf(makers, job), value, options), neededBy };
}

/** A batch, or an end, that is closed has been skipped, or cancelled, meanwhile: nobody waits for more members. */
async function isAccepted(provider: Provider, members: readonly NewJob[], neededBy: readonly Need[]): Promise<boolean> {
  try {
    await provider.enqueue(members);
    return true;
  } catch (error) {
    if (!JobwrightError.is(error) || error.code !== "JW_BATCH_CLOSED") throw error;
    const records = await Promise.all(neededBy.map(({ id }) => provider.get(id)));
    if (records.every((record) => record && !isFinalState(record.state))) throw error;
    return false;
  }
}

type EndAction = Extract<Action, { readonly kind: "end" }>;

async function finish({ output, handled }: EndAction, id: string, resolving: Resolving): Promise<unknown> {
  const needs = await needsOf(resolving.provider, id);
  const failures = needs.map(({ job }) => job).filter((job) => isFailure(job) && !handled.includes(nodeOf(job)));
  // What was skipped was so because of another one.
  const failed = failures.find(({ state }) => state !== "skipped") ?? failures[0];
  if (failed) {
    const why = failed.error ? `: ${failed.error.message}` : "";
    throw new NodeFailure(reasonOf(failed), `The node ${nodeOf(failed)} (${failed.id}) is ${failed.state}${why}`);
  }
  if (output === undefined) return undefined;
  const [value] = await resolveTemplates(resolving, [output]);
  return value;
}

/**
 * What was skipped because of another node is no failure of its own, but a batch is one whose members are its own. What a
 * failure of a member of a map means is up to its batch.
 */
function isFailure(job: JobRecord): boolean {
  if (isMemberName(nodeOf(job))) return false;
  if (job.state === "dead" || job.state === "cancelled") return true;
  const kind = actionOf(job)?.kind;
  return job.state === "skipped" && job.reason === "prerequisite" && (kind === "batch" || kind === "input");
}

/** A workflow whose input does not fit ends as a job does whose input does not fit. */
function reasonOf(failed: JobRecord): EndReason {
  return failed.reason === "invalid-payload" && actionOf(failed)?.kind === "input" ? failed.reason : "prerequisite";
}

function nodeOf({ payload, id }: JobRecord): string {
  return settingsOf(payload)?.flow?.node ?? id;
}
