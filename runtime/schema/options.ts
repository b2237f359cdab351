import type { $ZodType, input as InputOf } from "zod/v4/core";
import type { Jitter } from "../core/backoff.ts";
import type { JobDescriptor } from "../core/descriptor.ts";
import type { Duration } from "../core/duration.ts";
import type { FlowPlan } from "../core/flow/plan.ts";
import type { Template } from "../core/flow/template.ts";
import type { BatchOptions } from "./batch.ts";
import type { ConcurrencyLimit, FairnessOptions, Limits, OrderOptions, RateLimit } from "./limits.ts";
import type { QueueOptions } from "./queue-limits.ts";
import type { ScheduleOptions, Schedules } from "./schedules.ts";
import type { DebounceOptions, ThrottleOptions, UniqueOptions, Uniqueness } from "./unique.ts";
import type { WorkflowDeclaration } from "./workflow-options.ts";
import type { UpgradeFunction, Upgrades } from "./upgrades.ts";

interface RetryBase {
  /** Counted executions, the first one included. Integer ≥ 1. Default 10. `1`: never try again. */
  readonly maxAttempts?: number;
  /** No attempt starts later than this after the enqueue; a failure that would wait longer is final. Default: no limit. */
  readonly for?: Duration;
  /**
   * Spread of the waits. `equal`: half fixed, half random. `full`: anything from 0 to the wait. `none`: exact.
   * Default `equal`.
   */
  readonly jitter?: Jitter;
}

/** `delay · factor^(n−1)` after the n-th failed attempt. */
export interface ExponentialRetry extends RetryBase {
  readonly backoff?: "exponential";
  /** First wait. Default `"1s"`. */
  readonly delay?: Duration;
  /** Growth from one wait to the next. ≥ 1. Default 2. */
  readonly factor?: number;
  /** Longest wait. Default `"1h"`. */
  readonly maxDelay?: Duration;
  readonly exponent?: never;
  readonly delays?: never;
}

/** `delay · n^exponent` after the n-th failed attempt. */
export interface PolynomialRetry extends RetryBase {
  readonly backoff: "polynomial";
  /** First wait. Default `"1s"`. */
  readonly delay?: Duration;
  /** Power of the attempt number. ≥ 0. Default 2. */
  readonly exponent?: number;
  /** Longest wait. Default `"1h"`. */
  readonly maxDelay?: Duration;
  readonly factor?: never;
  readonly delays?: never;
}

/** The same wait after every failed attempt. */
export interface FixedRetry extends RetryBase {
  readonly backoff: "fixed";
  /** The wait. Default `"1s"`. */
  readonly delay?: Duration;
  readonly factor?: never;
  readonly exponent?: never;
  readonly maxDelay?: never;
  readonly delays?: never;
}

/** A wait for each failed attempt; the last one repeats. */
export interface ListRetry extends RetryBase {
  readonly backoff: "list";
  /** At least one, and at most `maxAttempts − 1`, because later ones could never be used. */
  readonly delays: readonly [Duration, ...Duration[]];
  readonly delay?: never;
  readonly factor?: never;
  readonly exponent?: never;
  readonly maxDelay?: never;
}

/** When to try again after a failed attempt. Default: 10 attempts, exponential from 1 s, doubling, at most 1 h. */
export type RetryOptions = ExponentialRetry | PolynomialRetry | FixedRetry | ListRetry;

export interface JobOptions<
  Input extends $ZodType = $ZodType,
  Output extends $ZodType | undefined = $ZodType | undefined,
> {
  /** What `enqueue` takes and the handler gets. Checked on both ends. */
  readonly input: Input;
  /** What the handler returns and `handle.result()` gives. Default: none. */
  readonly output?: Output;
  /** The lane in which the job waits. Default `"default"`. */
  readonly queue?: string;
  /** Smaller is offered first. Integer, −32,768…32,767. Default 0. */
  readonly priority?: number;
  /** Version of the payload contract. Integer ≥ 1. Default 1. */
  readonly version?: number;
  /**
   * What carries jobs of older versions forward, by version: a function from what that version stored, as plain JSON, to an
   * input of the current one. Synchronous. Default: older jobs are read as they are.
   */
  readonly upgrade?: Readonly<Record<number, UpgradeFunction<InputOf<Input>>>>;
  /** Time limit of one attempt. Default `"10m"`. */
  readonly timeout?: Duration;
  /** A job that no worker has begun so long after it was due is given up, with the reason `expired`. Default: never. */
  readonly expireAfter?: Duration;
  /** Ended by a crash this many times, the job is dead. Integer ≥ 1. Default 3. */
  readonly maxCrashes?: number;
  readonly retry?: RetryOptions;
  /** So many lines of `ctx.log` are kept with the job per attempt, for `handle.history()`. Integer, 0…1,000. Default 0. */
  readonly keepLogs?: number;
  /**
   * Refuse to enqueue when so many jobs of this definition wait, with `JW_QUEUE_FULL`. The number is looked at once a second,
   * so it may be exceeded by what is enqueued within one. Integer ≥ 1. Default: no limit.
   */
  readonly maxWaiting?: number;
  /** At most one job per key. Default: any number. One of `unique`, `debounce` and `throttle` at most. */
  readonly unique?: UniqueOptions<InputOf<Input>>;
  /**
   * So many jobs at a time over all processes: a number, a limit by key, or one of each. Others are `blocked` meanwhile.
   * Default: no limit.
   */
  readonly concurrency?:
    | number
    | ConcurrencyLimit<InputOf<Input>>
    | readonly (number | ConcurrencyLimit<InputOf<Input>>)[];
  /** So many starts in any stretch of time over all processes, for the whole, by key, or one of each. Default: no limit. */
  readonly rateLimit?: RateLimit<InputOf<Input>> | readonly RateLimit<InputOf<Input>>[];
  /** One job at a time per key, strictly in the order of enqueueing. Default: no order. */
  readonly order?: OrderOptions<InputOf<Input>>;
  /** Keys take turns in their queue. Default: the oldest job is next, whoever's it is. */
  readonly fairness?: FairnessOptions<InputOf<Input>>;
  /** Wait until no more jobs with the same key come, then run once, with the last input. */
  readonly debounce?: DebounceOptions<InputOf<Input>>;
  /** Run the first job with a key, and leave out others for a time. */
  readonly throttle?: ThrottleOptions<InputOf<Input>>;
  /** When the job is enqueued by itself, by name. Default: never. */
  readonly schedules?: Readonly<Record<string, ScheduleOptions<InputOf<Input>>>>;
  /**
   * Errors with data that callers can tell apart. The handler throws `ctx.errors.Bounced({ … })`, the caller finds it in
   * `await handle.settled()`. Names begin with a capital letter. Default: none.
   */
  readonly errors?: Readonly<Record<string, $ZodType>>;
  /**
   * What the handler reports with `ctx.progress(value)`, and `handle.progress()` tells while the job runs and after it.
   * Default: a number, 0…100.
   */
  readonly progress?: $ZodType;
  /** Errors that end the job at once, by their `name` (declared ones too) or `code`. Default: none. */
  readonly discardOn?: readonly string[];
  /** The only errors that are retried, by `name` or `code`; all others end the job at once. Default: all are retried. */
  readonly retryOn?: readonly string[];
  /**
   * The handler writes through `ctx.tx`, and what it wrote there, its output and the completion of the job are committed
   * together or not at all. Only for providers with transactional handlers, such as PostgreSQL. Default false.
   */
  readonly transactional?: boolean;
  /** The handler gets many jobs at once and gives each an end of its own. Default: one at a time. Not with `transactional`. */
  readonly batch?: BatchOptions;
  /**
   * Inputs, outputs, errors and reported values are encrypted before they reach the store. Clients that enqueue it and workers that serve it
   * need keys: their option `encryption`. Default false.
   */
  readonly encrypted?: boolean;
  /** Goes into the generated code. Default: the comment above the job. */
  readonly description?: string;
  /** Marks the job as deprecated in the generated code, and says what to use. Default: not deprecated. */
  readonly deprecated?: string;
}

/** What `job()` returns, to be given to `defineJobs`. */
export interface JobDeclaration<
  Input extends $ZodType = $ZodType,
  Output extends $ZodType | undefined = $ZodType | undefined,
> {
  readonly options: JobOptions<Input, Output>;
}

/** A job definition with every default filled in. */
export interface JobDefinition<
  Input extends $ZodType = $ZodType,
  Output extends $ZodType | undefined = $ZodType | undefined,
>
  extends
    Omit<JobDescriptor, "input" | "output" | "errors" | "progress" | "unique" | "gates" | "schedules" | "upgrades">,
    Uniqueness,
    Upgrades,
    Limits,
    Schedules {
  readonly input: Input;
  readonly output: Output;
  readonly errors?: Readonly<Record<string, $ZodType>>;
  readonly progress?: $ZodType;
  readonly description: string | undefined;
  readonly deprecated: string | undefined;
}

/** What is said of all jobs, in the second argument of `defineJobs`. */
export interface SchemaOptions {
  /** Limits that hold for all jobs of a queue together. Default: none. */
  readonly queues?: Readonly<Record<string, QueueOptions>>;
}

/** A workflow with its plan. */
export interface WorkflowDefinition {
  readonly name: string;
  readonly input: $ZodType;
  readonly output: $ZodType | undefined;
  /** Schemas of payloads, by the names of the nodes. */
  readonly signals: Readonly<Record<string, $ZodType>>;
  /** With references to the input; workflows within this one are part of it. */
  readonly plan: FlowPlan;
  /** What was declared, for checks of the types. */
  readonly parts: readonly WorkflowPart[];
  readonly description: string | undefined;
  readonly deprecated: string | undefined;
}

/** A node as it was declared, its values as templates. */
export interface WorkflowPart {
  readonly name: string;
  readonly kind: "job" | "workflow" | "signal" | "timer" | "result";
  /** Name of the job or workflow. */
  readonly target?: string;
  readonly input?: Template;
  readonly each?: Template;
  readonly condition?: Template;
}

/** What another `defineJobs` returned. */
export interface Namespace {
  readonly jobs: object;
  readonly workflows: Readonly<Record<string, WorkflowDefinition>>;
}

/** What an entry of `defineJobs` can be. */
export type Declaration = JobDeclaration | WorkflowDeclaration | Namespace;

/** Names of all jobs, those of namespaces with dots. */
type JobName<Declarations> = {
  [Name in keyof Declarations & string]: Declarations[Name] extends JobDeclaration
    ? Name
    : Declarations[Name] extends Namespace
      ? `${Name}.${keyof Declarations[Name]["jobs"] & string}`
      : never;
}[keyof Declarations & string];

type JobNamed<Declarations, Name> = Name extends keyof Declarations
  ? Declarations[Name] extends JobDeclaration<infer Input, infer Output>
    ? JobDefinition<Input, Output>
    : never
  : Name extends `${infer Scope}.${infer Rest}`
    ? Scope extends keyof Declarations
      ? Declarations[Scope] extends { readonly jobs: Readonly<Record<Rest, infer Definition>> }
        ? Definition
        : never
      : never
    : never;

/** What `jobs.schema.ts` exports. */
export interface JobsSchema<
  Declarations extends Readonly<Record<string, Declaration>> = Readonly<Record<string, JobDeclaration>>,
> {
  /** By name, e.g. `sendEmail` or `billing.charge`. */
  readonly jobs: { readonly [Name in JobName<Declarations>]: JobNamed<Declarations, Name> };
  readonly workflows: Readonly<Record<string, WorkflowDefinition>>;
}
