/** The language of `jobs.schema.ts`. */
export type { Duration, DurationUnit } from "../core/duration.ts";
export type { BatchOptions } from "./batch.ts";
export { defineJobs, job } from "./define-jobs.ts";
export type {
  Declaration,
  ExponentialRetry,
  FixedRetry,
  JobDeclaration,
  JobDefinition,
  JobOptions,
  JobsSchema,
  ListRetry,
  Namespace,
  PolynomialRetry,
  RetryOptions,
  SchemaOptions,
  WorkflowDefinition,
  WorkflowPart,
} from "./options.ts";
export type { ConcurrencyLimit, FairnessOptions, OrderOptions, RateLimit } from "./limits.ts";
export type { SchemaProblem } from "./problems.ts";
export type { QueueOptions } from "./queue-limits.ts";
export type { ScheduleOptions } from "./schedules.ts";
export type { DebounceOptions, KeyValue, ThrottleOptions, UniqueOptions } from "./unique.ts";
export { and, eq, gt, gte, lt, lte, ne, not, or, workflow } from "./workflow.ts";
export type {
  JobNodeOptions,
  SignalNodeOptions,
  TimerNodeOptions,
  Unchecked,
  WorkflowContext,
  WorkflowDeclaration,
  WorkflowNode,
  WorkflowNodeOptions,
  WorkflowOptions,
} from "./workflow-options.ts";
export type { UpgradeFunction } from "./upgrades.ts";
