import { createDraftsman, type Draftsman, type Node, type NodeSpec } from "../../core/flow/builder.ts";
import { comparisons } from "../../core/flow/comparisons.ts";
import { type NodeSettingsOptions, nodeSettingsOf } from "../../core/flow/node-settings.ts";
import type { BatchPolicyName, FlowPlan } from "../../core/flow/plan.ts";
import { createBatchMembers } from "./batch-members.ts";
import { type AnyFlowOptions, type Begin, beginWith, type FlowStore } from "./begin.ts";
import { createFlowHandle } from "./handle.ts";
import type { BatchOptions, MapOptions } from "./types.ts";

/** A job as a node. */
export function nodeSpec(job: string, input: unknown, settings: NodeSettingsOptions = {}): NodeSpec {
  return { job, input, settings: nodeSettingsOf(settings) };
}

/** Enqueues what `draw` draws. */
type BeginDrawing = (options: AnyFlowOptions, draw: (draftsman: Draftsman) => FlowPlan) => unknown;

/** The runtime half of `jobs.$flow`; `FlowClient` is its type. */
export function createFlowClient(store: FlowStore): object {
  const { provider, makers, newId } = store;
  const handle = (id: string) => createFlowHandle(provider, id, store);
  const batchHandle = (id: string) => ({ ...handle(id), ...createBatchMembers(provider, makers, newId, id) });
  const begin = drawing(beginWith(store, handle));
  const beginBatch = drawing(beginWith(store, batchHandle));
  return Object.freeze({
    handle,
    batchHandle,
    enqueue: (build: (flow: object) => unknown, options: AnyFlowOptions = {}) =>
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

function drawing(begin: Begin): BeginDrawing {
  return (options, draw) => begin(options, () => draw(createDraftsman()));
}

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

interface BatchCall extends AnyFlowOptions {
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
function createChain(begin: BeginDrawing, links: readonly Link[]): object {
  return {
    next: (link: Link) => createChain(begin, [...links, link]),
    enqueue: (options: AnyFlowOptions = {}) =>
      begin(options, (draftsman) => {
        let previous: Node | undefined;
        for (const link of links) {
          previous = draftsman.add(link(previous as Node), previous ? { after: [previous] } : {}); // the first asks for none
        }
        return draftsman.close();
      }),
  };
}
