import type { CancelOutcome, NeedCondition, RequeueOutcome } from "../../contract/index.ts";
import type { Duration } from "../../core/duration.ts";
import type { Comparisons } from "../../core/flow/comparisons.ts";
import type { NodeSettingsOptions } from "../../core/flow/node-settings.ts";
import type { NodeOutcome } from "../../core/flow/outcomes.ts";
import type { BatchPolicyName } from "../../core/flow/plan.ts";
import type { FlowStatus, NodeStatus } from "../../core/flow/status.ts";
import type { AsyncTx, ResultOptions, SettledJob, SyncTx, TransactionKind } from "../types.ts";
import type { Ref, Reference, Resolved } from "../../core/flow/references.ts";

export type { FlowStatus, NodeOutcome, NodeSettingsOptions, NodeStatus };

declare const gives: unique symbol;

/** A job that is to be a node of a chain, a batch or a workflow: `jobs.sendEmail.node({ … })`. Nothing is enqueued by it. */
export interface JobNode<Output, Failure = never> {
  /** The name of its definition. */
  readonly job: string;
  readonly [gives]?: { readonly output: Output; readonly failure: Failure };
}

/** A node of a flow, for others to refer to. */
export interface FlowNode<Output, Failure = never> {
  readonly name: string;
  /** What it returned. Whoever takes it runs if this node has succeeded. */
  readonly output: Ref<Output>;
  /** The same, or undefined if this node was skipped because it was not to run. */
  readonly maybe: Ref<Output | undefined>;
  /** How it ended, whatever that was. Whoever takes it runs in any case. */
  readonly outcome: Reference<NodeOutcome<Output, Failure>>;
}

/** A node that ends when its members have. */
export interface BatchNode<Output, Failure = never> {
  readonly name: string;
  /** Outputs in the order of the members; all of them have succeeded. */
  readonly output: Reference<Output[]>;
  /** Outcomes in the order of the members. */
  readonly outcome: Reference<NodeOutcome<Output, Failure>[]>;
}

export type AnyNode = FlowNode<unknown, unknown> | BatchNode<unknown, unknown>;

/** How a node is bound to others. What its input refers to needs no mention. */
export interface NodeOptions {
  /** Unique in the flow. Default: the job's name, with a number from the second on. */
  readonly name?: string;
  /** Nodes that have to end before: `[resize, [check, "failed"]]`. One alone has to have succeeded. Default: none. */
  readonly after?: readonly (AnyNode | readonly [AnyNode, NeedCondition])[];
  /** Run with the first of the nodes in `after` that ends so. Default false: when all have. */
  readonly any?: boolean;
  /** The node is skipped if this is not true. Default: none. */
  readonly if?: Reference<boolean>;
}

export interface BatchOptions {
  readonly name?: string;
  /**
   * `succeeded`: all members have to; the node is skipped as soon as one fails. `finished`: however they end. `firstFailure`: it
   * goes on with the first member that fails, and is skipped if none does. Default `succeeded`.
   */
  readonly when?: BatchPolicyName;
}

export interface MapOptions extends BatchOptions, Pick<NodeOptions, "after" | "any" | "if"> {}

/** Draws a flow, node by node. */
export interface FlowBuilder {
  add<Output, Failure>(node: JobNode<Output, Failure>, options?: NodeOptions): FlowNode<Output, Failure>;
  /** Waits for nodes that were added before. */
  batch<Output, Failure>(
    members: readonly FlowNode<Output, Failure>[],
    options?: BatchOptions,
  ): BatchNode<Output, Failure>;
  /** A node for each item of an array, which may be the output of another node. */
  map<Item, Output, Failure>(
    items: Reference<readonly Item[]> | readonly Item[],
    each: (item: Ref<Item>) => JobNode<Output, Failure>,
    options?: MapOptions,
  ): BatchNode<Output, Failure>;
  /** Ends so long after all that it needs. */
  timer(wait: Duration, options?: NodeOptions): FlowNode<undefined>;
  /** Ends when somebody sends it: `flow.signal("approved", payload)`; also before anybody waits for it. */
  signal<Payload = undefined>(
    name: string,
    options?: Omit<NodeOptions, "name"> & {
      /** The node is dead so long after all that it needs. Default: it waits as long as it takes. */
      readonly timeout?: Duration;
    },
  ): FlowNode<Payload>;
}

export interface FlowOptions<Tx extends TransactionKind = never> extends FlowSettings, AsyncTx<Tx> {}

export interface SyncFlowOptions<Tx extends TransactionKind> extends FlowSettings, SyncTx<Tx> {}

export interface FlowSettings {
  /** UUID to enqueue under: a second enqueue with the same id is the same flow. Default: a new UUIDv7. */
  readonly id?: string;
  /** Of all nodes that have none of their own. Default: the job definitions'. */
  readonly priority?: number;
  /** Of the jobs that hold the flow together: batches, timers, the end. Default: that of its first job. */
  readonly queue?: string;
}

/** Signals of a flow that was drawn at run time: any name, any payload. */
type AnySignals = Readonly<Record<string, unknown>>;

/** A flow that was enqueued. `Signals`: what each of its signals carries. */
export interface FlowHandle<Output, Signals = AnySignals> {
  readonly id: string;
  /** Waits for the end. Throws `JW_FLOW_FAILED`, `JW_JOB_CANCELLED`, `JW_WAIT_TIMEOUT` or `JW_NOT_FOUND`. */
  result(options?: ResultOptions): Promise<Output>;
  /** Waits for the end and tells how it was. Throws `JW_WAIT_TIMEOUT` or `JW_NOT_FOUND`. */
  settled(options?: ResultOptions): Promise<SettledJob<Output>>;
  /** Every node, as it is now. Throws `JW_NOT_FOUND`. */
  status(): Promise<FlowStatus>;
  /** Ends all that waits and asks for the end of what runs, the flow itself first. */
  cancel(): Promise<CancelOutcome>;
  /**
   * Runs again what did not succeed; `from`: also this node, and all that needs it. What is done stays done. Resolves with
   * what became of each node, by name.
   */
  retry(from?: string): Promise<Readonly<Record<string, RequeueOutcome>>>;
  /**
   * Sends a signal. Resolves with false if the node had ended before. Throws `JW_NOT_FOUND`, and `JW_INVALID_INPUT` for a
   * payload that the schema refuses.
   */
  signal<Name extends keyof Signals & string>(name: Name, ...payload: PayloadOf<Signals[Name]>): Promise<boolean>;
}

/** What may be undefined can be left out. */
type PayloadOf<T> = undefined extends T ? [payload?: T] : [payload: T];

/** A batch that takes more members. */
export interface OpenBatch<Output> extends FlowHandle<Output> {
  /** All of them or none. Throws `JW_BATCH_CLOSED` when the batch waits no longer: it is closed, and its members have ended. */
  add(members: readonly JobNode<unknown, unknown>[]): Promise<void>;
  /** The batch ends with the last of its members from now on; one of those that still run may add more. Idempotent. */
  close(): Promise<void>;
}

/** Jobs that run one after the other. */
export interface Chain<Output, Failure, Tx extends TransactionKind> {
  /** What runs when the link before has succeeded; its input may take values of that one's output. */
  next<Next, NextFailure>(
    link: (previous: FlowNode<Output, Failure>) => JobNode<Next, NextFailure>,
  ): Chain<Next, NextFailure, Tx>;
  enqueue(options?: FlowOptions<Tx>): Promise<FlowHandle<Output>>;
  /** In a transaction of a provider whose transactions are synchronous: returns at once, without a promise. */
  enqueue(options: SyncFlowOptions<Tx>): FlowHandle<Output>;
}

interface When {
  /** Default `succeeded`. */
  readonly when?: BatchPolicyName;
}

interface Follow<Output, Failure, Next, NextFailure> extends When {
  /** What runs when the batch has ended so. */
  readonly follow: (batch: BatchNode<Output, Failure>) => JobNode<Next, NextFailure>;
}

/** Chains, batches and workflows that are drawn at run time, as `jobs.$flow`. All of a flow is enqueued, or nothing. */
export interface FlowClient<Tx extends TransactionKind = never> extends Comparisons {
  /** A flow of any shape. What `build` returns is its output, in which references stand for what nodes will give. */
  enqueue<Output = undefined>(
    build: (flow: FlowBuilder) => Output,
    options?: FlowOptions<Tx>,
  ): Promise<FlowHandle<Resolved<Output>>>;
  enqueue<Output = undefined>(
    build: (flow: FlowBuilder) => Output,
    options: SyncFlowOptions<Tx>,
  ): FlowHandle<Resolved<Output>>;
  chain<Output, Failure>(first: JobNode<Output, Failure>): Chain<Output, Failure, Tx>;
  /** Jobs side by side, and one that follows when all have ended. */
  batch<Output, Failure, Next, NextFailure>(
    members: readonly JobNode<Output, Failure>[],
    options: Follow<Output, Failure, Next, NextFailure> & FlowOptions<Tx>,
  ): Promise<FlowHandle<Next>>;
  batch<Output, Failure>(
    members: readonly JobNode<Output, Failure>[],
    options?: When & FlowOptions<Tx>,
  ): Promise<FlowHandle<readonly NodeOutcome<Output, Failure>[]>>;
  batch<Output, Failure, Next, NextFailure>(
    members: readonly JobNode<Output, Failure>[],
    options: Follow<Output, Failure, Next, NextFailure> & SyncFlowOptions<Tx>,
  ): FlowHandle<Next>;
  /** A batch whose members are added later, by whoever has its id. */
  openBatch<Next, NextFailure>(
    options: Follow<unknown, unknown, Next, NextFailure> & FlowOptions<Tx>,
  ): Promise<OpenBatch<Next>>;
  openBatch(options?: When & FlowOptions<Tx>): Promise<OpenBatch<readonly NodeOutcome<unknown, unknown>[]>>;
  /** The handle of a flow enqueued earlier, perhaps by another process. */
  handle<Output = unknown>(id: string): FlowHandle<Output>;
  batchHandle<Output = unknown>(id: string): OpenBatch<Output>;
}
