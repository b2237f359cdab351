/** The generator as a library; the CLI is made of it. */
export type { BuildOptions, Timings } from "./build.ts";
export type { Diagnostic } from "./diagnostics.ts";
export {
  type GenerateOptions,
  type GenerateReport,
  generate,
  type StaleFile,
  type CheckReport,
  check,
} from "./generate.ts";
export { watch, type WatchOptions, type Watcher } from "./watch.ts";
