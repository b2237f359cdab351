import type { $ZodType, output as OutputOf } from "zod/v4/core";
import type { NeedCondition } from "../contract/index.ts";
import type { Duration } from "../core/duration.ts";
import type { NodeSettingsOptions } from "../core/flow/node-settings.ts";
import type { BatchPolicyName } from "../core/flow/plan.ts";
import type { Ref } from "../core/flow/references.ts";

/**
 * Stands for what is known only when all is declared: nodes by name, outputs of jobs, items. `codegen` checks every use; the
 * compiler cannot, since the names are those that are being declared.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- no other type has every property under every compiler option
export type Unchecked = any;

/** What a workflow is declared with. */
export interface WorkflowContext<Input extends $ZodType> {
  /** What `enqueue` was given, after its schema: `input.folder` stands for the value. */
  readonly input: Ref<OutputOf<Input>>;
  /** `nodes.resize.output`, `.maybe` and `.outcome` stand for what the node gives. */
  readonly nodes: Unchecked;
}

/** How a node is bound to others. What its input refers to needs no mention. */
interface NodeBinding {
  /** Nodes that have to end before, and how: `{ sheet: "succeeded" }`. Default: none. */
  readonly after?: Readonly<Record<string, NeedCondition>>;
  /** Run with the first of the nodes in `after` that ends so. Default false: when all have. */
  readonly any?: boolean;
  /** A reference to a boolean, or a comparison such as `gt(input.total, 100)`: the node is skipped if it is not true. */
  readonly if?: unknown;
}

/** A value with references in it. */
type NodeInput = object | string | number | bigint | boolean | null;

/** A job of the schema. */
export interface JobNodeOptions extends NodeBinding, NodeSettingsOptions {
  /** Name of the job. */
  readonly job: string;
  /** Its input, with references in it; with `each` a function of the item. Default `{}`. */
  readonly input?: NodeInput | ((item: Unchecked) => unknown);
  /** A reference to an array: the node is one job for each of its items, and ends when they have. Default: one job. */
  readonly each?: unknown;
  /**
   * With `each`. `succeeded`: all jobs have to. `finished`: however they end. `firstFailure`: the node goes on with the first
   * that fails, and is skipped if none does. Default `succeeded`.
   */
  readonly when?: BatchPolicyName;
}

/** Another workflow of the schema, as a part of this one. */
export interface WorkflowNodeOptions extends NodeBinding {
  /** Name of the workflow. */
  readonly workflow: string;
  /** Its input, with references in it. Default `{}`. */
  readonly input?: NodeInput;
  /** Wait this long when all that it needs has ended. Default: none. */
  readonly delay?: Duration;
}

/** Waits until somebody calls `handle.signal(name, payload)`, where the name is that of the node. */
export interface SignalNodeOptions extends NodeBinding {
  /** Schema of the payload. */
  readonly signal: $ZodType;
  /** The node is dead so long after all that it needs. Default: it waits as long as it takes. */
  readonly timeout?: Duration;
}

/** Ends so long after all that it needs. */
export interface TimerNodeOptions extends NodeBinding {
  readonly timer: Duration;
}

export type WorkflowNode = JobNodeOptions | WorkflowNodeOptions | SignalNodeOptions | TimerNodeOptions;

/** Options of `workflow`. */
export interface WorkflowOptions<
  Input extends $ZodType = $ZodType,
  Output extends $ZodType | undefined = $ZodType | undefined,
> {
  /** Schema of what `enqueue` takes. */
  readonly input: Input;
  /** Schema of what `result` gives. Default: the workflow has no output. */
  readonly output?: Output;
  /** The nodes by name, in any order. */
  nodes(context: WorkflowContext<Input>): Readonly<Record<string, WorkflowNode>>;
  /** The output, with references to what the nodes give. With `output` only. */
  result?(context: WorkflowContext<Input>): unknown;
  /** Goes into the generated code. Default: the comment above the workflow. */
  readonly description?: string;
  /** Marks the workflow as deprecated in the generated code, and says what to use. Default: not deprecated. */
  readonly deprecated?: string;
}

/** What `workflow()` returns, to be given to `defineJobs`. */
export interface WorkflowDeclaration {
  /** Read by `defineJobs`, which knows the other declarations. */
  readonly workflow: object;
}
