/**
 * The only module that generated files import. Its exports keep their meaning for as long as files made by this version
 * of the generator are about; a change that cannot keep it goes into a `v2.ts` next to this one.
 */
export { createClient } from "../client/client.ts";
export type {
  ClientOptions,
  ControlClient,
  EnqueueManyOptions,
  EnqueueOptions,
  FailureOf,
  JobClient,
  JobHandle,
  ResultOptions,
  ScheduleInfo,
  SettledJob,
  SyncEnqueueManyOptions,
  SyncEnqueueOptions,
  TransactionKind,
  TransactionKindOf,
} from "../client/types.ts";
export type { ClientEvents, JobEvents, JobEventType } from "../client/events/types.ts";
export type { Ref, Reference, Resolved, Templated } from "../core/flow/references.ts";
export type {
  BatchNode,
  Chain,
  FlowBuilder,
  FlowClient,
  FlowHandle,
  FlowNode,
  FlowOptions,
  FlowStatus,
  JobNode,
  NodeOutcome,
  NodeSettingsOptions,
  NodeStatus,
  OpenBatch,
  SyncFlowOptions,
} from "../client/flow/types.ts";
export type { Provider } from "../contract/index.ts";
export type { JobDescriptor, SchemaDescriptor, WireCodec, WorkflowDescriptor } from "../core/descriptor.ts";
export type { EmittedParser } from "../core/emitted-parser.ts";
export type { ScheduleSettings } from "../core/schedule.ts";
export type { WorkerEvents, WorkerEventType } from "../worker/events.ts";
export { createTypedWorker } from "../worker/worker.ts";
export type {
  BatchContext,
  BatchItem,
  BatchOutcome,
  DeclaredErrors,
  HandlersOf,
  HandlerTransactionOf,
  JobContext,
  Transactional,
  TransactionalContext,
  Worker,
  WorkerOptions,
  WorkerReport,
} from "../worker/types.ts";
/** What emitted parsers call. */
export * as parse from "./parse.ts";
/** What emitted codecs are made of. */
export * as wire from "./wire.ts";
