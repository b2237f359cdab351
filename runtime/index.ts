/** What applications use besides their generated client: errors, outcomes and the types around them. */
export type {
  ChangeOptions,
  ClientOptions,
  ControlClient,
  DrainRequest,
  EnqueueManyOptions,
  EnqueueOptions,
  EnqueueSettings,
  JobClient,
  JobHandle,
  JobInfo,
  JobInfoPage,
  RequeueAllFilter,
  ResultOptions,
  ScheduleControl,
  ScheduleInfo,
  SettledJob,
} from "./client/types.ts";
export type {
  ClientEvents,
  ClientLogger,
  EventOptions,
  JobEventOf,
  JobEvents,
  JobEventType,
  StreamedEvent,
  StreamOptions,
} from "./client/events/types.ts";
export type { EnqueueCall, EnqueueCallOptions, Enqueued, EnqueueMiddleware } from "./client/middleware.ts";
export type { JobwrightConfig } from "./config.ts";
export * from "./contract/index.ts";
export type { BulkFilter, BulkResult } from "./core/bulk.ts";
export type { Duration } from "./core/duration.ts";
export type { CatchUp, Overlap, ScheduleSettings } from "./core/schedule.ts";
export { createEncryptionKey, type EncryptionOptions } from "./core/encryption.ts";
export { Discard, RetryAfter, Snooze } from "./worker/outcomes.ts";
export type {
  BatchContext,
  BatchItem,
  BatchOutcome,
  BatchRun,
  DeclaredErrors,
  JobContext,
  JobLog,
  Logger,
  Middleware,
  RunContext,
  TransactionalContext,
  WithContext,
  Worker,
  WorkerOptions,
  WorkerReport,
} from "./worker/types.ts";
