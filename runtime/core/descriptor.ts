import type { Limit, UniqueScope } from "../contract/index.ts";
import type { RetryPolicy } from "./backoff.ts";
import type { EmittedParser } from "./emitted-parser.ts";
import type { FlowPlan } from "./flow/plan.ts";
import type { Sensitive } from "./redaction.ts";
import type { ScheduleTiming } from "./schedule.ts";

/**
 * What generated code tells the runtime about each job: data only. Behaviour lives here in the runtime, so that a fix
 * reaches everybody without generating again.
 */

export type { JsonValue } from "./json-value.ts";

/** Turns a value of the schema's input side into JSON and back, loss-free. Emitted for schemas that JSON cannot carry. */
export interface WireCodec {
  encode(value: unknown): unknown;
  decode(wire: unknown): unknown;
}

/** The key that at most one job of the definition holds; what `unique`, `debounce` and `throttle` come down to. */
export interface UniquePolicy {
  /** Paths into the wire form of the input. Absent: the schema has a function. */
  readonly by?: readonly string[];
  readonly scope: UniqueScope;
  readonly onConflict: "ignore" | "reject" | "replace" | "extend";
  /** The key is free again so long after the enqueue, in ms. */
  readonly forMs?: number;
  /** The delay of a job that is enqueued without one, in ms. */
  readonly waitMs?: number;
  /** Conflicts put the holder off until so long after its enqueue at most, in ms. */
  readonly maxWaitMs?: number;
}

/** How many jobs one run of a batch handler takes. */
export interface BatchPolicy {
  /** At most this many. */
  readonly size: number;
  /** How long the first job of a batch waits for others, in ms. */
  readonly waitMs: number;
}

/** A gate that jobs of the definition have to pass. */
export interface GateDescriptor extends Limit {
  readonly level: number;
  /**
   * What makes the key: paths into the wire form of the input, or a function that the schema has. Absent: all jobs are one
   * group.
   */
  readonly by?: readonly string[] | "function";
}

export interface JobDescriptor {
  readonly name: string;
  readonly queue: string;
  /** Version of the payload contract; ≥ 1. */
  readonly version: number;
  /** Older versions whose jobs a function of the schema carries forward, ascending. */
  readonly upgrades?: readonly number[];
  /** Smaller is offered first. */
  readonly priority: number;
  readonly retry: RetryPolicy;
  /** An attempt's time limit in ms. */
  readonly timeoutMs: number;
  /** In ms after `runAt`; absent: never. */
  readonly expireAfterMs?: number;
  /** Crash-ended claims after which the job is dead. */
  readonly maxCrashes: number;
  readonly unique?: UniquePolicy;
  /** Lines of `ctx.log` that are kept per attempt. */
  readonly keepLogs?: number;
  /** Waiting jobs of this definition from which on an enqueue is refused. */
  readonly maxWaiting?: number;
  /** By level. */
  readonly gates?: readonly GateDescriptor[];
  /** The handler runs in a transaction of the provider. */
  readonly transactional?: true;
  /** The handler takes many jobs at once. */
  readonly batch?: BatchPolicy;
  /** Absent: the value is JSON as it is. */
  readonly input?: WireCodec;
  readonly output?: WireCodec;
  /** Of an object with the data of one declared error under its name. */
  readonly errors?: WireCodec;
  /** Of typed progress. */
  readonly progress?: WireCodec;
  /** Where the generator printed one. */
  readonly parsers?: Readonly<Partial<Record<"input" | "output" | "progress", EmittedParser>>>;
  /** Names or codes of errors that end the job at once. */
  readonly discardOn?: readonly string[];
  /** If present, all errors but these end the job at once. */
  readonly retryOn?: readonly string[];
  /** By name. Their inputs are in the schema. */
  readonly schedules?: Readonly<Record<string, ScheduleTiming>>;
  /** Stored texts are encrypted; nobody enqueues or works on it without keys. */
  readonly encrypted?: true;
  /** What must not be shown of its stored values. */
  readonly sensitive?: Sensitive;
  /** Whether the schema declares an output. */
  readonly hasOutput: boolean;
}

/** A workflow of the schema. Its schemas are not here, but in the file. */
export interface WorkflowDescriptor {
  readonly name: string;
  /** With references to the input of the workflow. */
  readonly plan: FlowPlan;
}

export interface SchemaDescriptor {
  /** Format of this object; a runtime refuses what it does not know. */
  readonly format: 1;
  /** Hash of the model that the code was generated from. */
  readonly hash: string;
  readonly jobs: readonly JobDescriptor[];
  /** Absent: none. */
  readonly workflows?: readonly WorkflowDescriptor[];
  /** Imports `jobs.schema.ts` at run time, for parsing. Kept out of the type program on purpose. */
  readonly loadSchema: () => Promise<unknown>;
}
