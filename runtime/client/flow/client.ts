import type { Provider } from "../../contract/index.ts";
import { parseDuration } from "../../core/duration.ts";
import { createDraftsman, type Draftsman, type Node, type NodeSpec } from "../../core/flow/builder.ts";
import { createOperation, operators } from "../../core/flow/expression.ts";
import { instantiate, type Makers } from "../../core/flow/instantiate.ts";
import type { BatchPolicyName, FlowPlan, NodeSettings } from "../../core/flow/plan.ts";
import { createUuidV7 } from "../../core/uuid.ts";
import { attempt, persistJobs } from "../persist.ts";
import { createBatchMembers } from "./batch-members.ts";
import { createFlowHandle } from "./handle.ts";
import type { BatchOptions, FlowSettings, MapOptions, NodeSettingsOptions } from "./types.ts";

/** A job as a node. */
export function nodeSpec(job: string, input: unknown, settings: NodeSettingsOptions = {}): NodeSpec {
  return { job, input, settings: settingsOf(settings) };
}

function settingsOf({ delay, timeout, expireAfter, ...rest }: NodeSettingsOptions): NodeSettings {
  return {
    ...rest,
    ...(delay === undefined ? {} : { delayMs: parseDuration(delay, "delay") }),
    ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, "timeout") }),
    ...(expireAfter === undefined ? {} : { expireAfterMs: parseDuration(expireAfter, "expireAfter") }),
  };
}

interface AnyOptions extends FlowSettings {
  readonly tx?: unknown;
}

/** Enqueues what `draw` draws. A promise, but in a synchronous transaction. */
type Begin = (options: AnyOptions, draw: (draftsman: Draftsman) => FlowPlan) => unknown;

/** The runtime half of `jobs.$flow`; `FlowClient` is its type. */
export function createFlowClient(provider: Provider, makers: Makers): object {
  const newId = createUuidV7();
  const handle = (id: string) => createFlowHandle(provider, makers, id);
  const batchHandle = (id: string) => ({ ...handle(id), ...createBatchMembers(provider, makers, newId, id) });

  function beginWith<T>(toHandle: (id: string) => T): Begin {
    return ({ id = newId(), tx, ...shared }, draw) =>
      attempt(provider, tx, () => {
        const jobs = instantiate({ ...shared, plan: draw(createDraftsman()), id, makers });
        const done = persistJobs(provider, jobs, tx);
        return done instanceof Promise ? done.then(() => toHandle(id)) : toHandle(id);
      });
  }

  const begin = beginWith(handle);
  const beginBatch = beginWith(batchHandle);
  return Object.freeze({
    handle,
    batchHandle,
    enqueue: (build: (flow: object) => unknown, options: AnyOptions = {}) =>
      begin(options, (draftsman) => draftsman.finish(build(builderOf(draftsman)))),
    chain: (first: NodeSpec) => createChain(begin, [() => first]),
    batch: (members: readonly NodeSpec[], { when, follow, ...options }: BatchCall = {}) =>
      begin(options, (draftsman) => {
        const nodes = members.map((member) => draftsman.add(member));
        return finishBatch(draftsman, draftsman.batch(nodes, when ?? "succeeded"), follow);
      }),
    openBatch: ({ when, follow, ...options }: BatchCall = {}) =>
      beginBatch(options, (draftsman) => finishBatch(draftsman, draftsman.openBatch(when ?? "succeeded"), follow)),
    ...comparisons,
  });
}

/** References to booleans, made of references. */
const comparisons = Object.fromEntries(
  operators.map((operator) => [operator, (...operands: readonly unknown[]) => createOperation(operator, operands)]),
);

/** `FlowBuilder`, as a flow is drawn at run time. */
function builderOf(draftsman: Draftsman): object {
  return {
    add: draftsman.add,
    batch: (members: readonly Node[], { when = "succeeded", ...options }: BatchOptions = {}) =>
      draftsman.batch(members, when, options),
    map: (items: unknown, each: (item: object) => NodeSpec, { when = "succeeded", ...options }: MapOptions = {}) =>
      draftsman.map(items, each, when, options as Parameters<Draftsman["map"]>[3]), // the same nodes, with their types
    timer: draftsman.timer,
    signal: draftsman.signal,
  };
}

interface BatchCall extends AnyOptions {
  readonly when?: BatchPolicyName;
  readonly follow?: (batch: Node) => NodeSpec;
}

function finishBatch(draftsman: Draftsman, batch: Node, follow: BatchCall["follow"]): FlowPlan {
  if (!follow) return draftsman.finish(batch.outcome);
  draftsman.add(follow(batch));
  return draftsman.close();
}

type Link = (previous: Node) => NodeSpec;

/** Links are added one by one; nothing is checked or enqueued before `enqueue`. */
function createChain(begin: Begin, links: readonly Link[]): object {
  return {
    next: (link: Link) => createChain(begin, [...links, link]),
    enqueue: (options: AnyOptions = {}) =>
      begin(options, (draftsman) => {
        let previous: Node | undefined;
        for (const link of links) {
          previous = draftsman.add(link(previous as Node), previous ? { after: [previous] } : {}); // the first asks for none
        }
        return draftsman.close();
      }),
  };
}
