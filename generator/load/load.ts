import { type LoadResult, type ProcessOptions, startProcess } from "./process.ts";

export interface LoadOptions extends ProcessOptions {
  readonly timeoutMs: number;
}

/** Runs the schema file in a process of its own. Never throws for what the file does. */
export function load({ timeoutMs, ...options }: LoadOptions): Promise<LoadResult> {
  return startProcess(options).run(timeoutMs);
}
