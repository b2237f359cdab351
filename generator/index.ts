/** The generator as a library: `jobwright/generator`. The command line is made of it. */
export type { BuildOptions, Timings } from "./build.ts";
export type { CodegenConfig } from "./codegen-config.ts";
export type { Diagnostic } from "./diagnostics.ts";
export type { EmitContext, Emitter, GeneratedFile } from "./emit/emitter.ts";
export { exporters } from "./export/exporters.ts";
export type { PrintedSide, TypeNames } from "./emit/type-names.ts";
export {
  type GenerateOptions,
  type GenerateReport,
  generate,
  type StaleFile,
  type CheckReport,
  check,
  print,
} from "./generate.ts";
export type { ImportExtension } from "./import-extension.ts";
export {
  type Docs,
  type JobModel,
  type LiteralValue,
  type Model,
  modelVersion,
  type NamedType,
  type Property,
  type Sides,
  type TupleItem,
  type TypeNode,
  type WorkflowModel,
} from "./model/model.ts";
export type {
  ContractKind,
  ContractNode,
  ContractValue,
  JobContract,
  Member,
  NumberLimits,
  ObjectNode,
  OpaqueCode,
  Range,
  ReaderValue,
  RecordNode,
  Remarks,
  Size,
  StringFormat,
  StringLimits,
  UnionNode,
} from "./model/contract.ts";
export type { WirePlan, WirePlans } from "./model/wire-plan.ts";
export { watch, type WatchOptions, type Watcher } from "./watch.ts";
