import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { type EditResult, measureEdits } from "./editor.ts";
import { createProject, generate, inferredApplication, printedApplication } from "./schema-project.ts";
import { median } from "./table.ts";
import { measureWatch, type WatchResult } from "./watch.ts";

/** Cold `codegen` of large schemas, and what their clients cost the compiler. Alone: `npx tsx bench/codegen.ts`. */
export interface CodegenResult {
  readonly jobs: number;
  /** The whole process, nothing generated before and nothing cached: median of five. */
  readonly coldMs: number;
  readonly fastestMs: number;
  readonly watch: WatchResult;
  /** A program that enqueues and handles every job, with the types that codegen prints. */
  readonly printed: CheckCost;
  /** The same program with types that the compiler infers from the schema. */
  readonly inferred: CheckCost;
  /** Printed to inferred, of the compiler's time. */
  readonly checkRatio: number;
  readonly editor: EditResult;
}

interface CheckCost {
  /** Type instantiations beyond those of an empty file. */
  readonly instantiations: number;
  /** Median of three. */
  readonly checkSeconds: number;
}

const tsc = new URL("../node_modules/typescript/bin/tsc", import.meta.url).pathname;

export async function measureCodegen(): Promise<readonly CodegenResult[]> {
  const nothing = createProject("empty", 0);
  const empty = compile(nothing, "export {};\n").instantiations;
  rmSync(nothing, { recursive: true });
  const results: CodegenResult[] = [];
  for (const jobs of [200, 1_000]) results.push(await measure(jobs, empty));
  return results;
}

async function measure(jobs: number, empty: number): Promise<CodegenResult> {
  const folder = createProject(`jobs-${jobs}`, jobs);
  const times = Array.from({ length: 5 }, () => Math.round(generate(folder)));
  const watch = await measureWatch(folder);
  const cost = (app: string): CheckCost => {
    const runs = Array.from({ length: 3 }, () => compile(folder, app));
    const [{ instantiations } = { instantiations: Number.NaN }] = runs;
    return {
      instantiations: instantiations - empty,
      checkSeconds: median(runs.map(({ checkSeconds }) => checkSeconds)),
    };
  };
  const [printed, inferred] = [cost(printedApplication(jobs)), cost(inferredApplication(jobs))];
  const checkRatio = Number((printed.checkSeconds / inferred.checkSeconds).toFixed(3));
  const editor = await measureEdits(folder);
  rmSync(folder, { recursive: true });
  return { jobs, coldMs: median(times), fastestMs: Math.min(...times), watch, printed, inferred, checkRatio, editor };
}

function compile(folder: string, app: string): CheckCost {
  writeFileSync(`${folder}/app.ts`, app);
  const output = execFileSync(process.execPath, [tsc, "-p", folder, "--extendedDiagnostics"], { encoding: "utf8" });
  const figure = (label: string): number =>
    Number(new RegExp(`^${label}:\\s+([\\d.]+)`, "m").exec(output)?.[1] ?? Number.NaN);
  return { instantiations: figure("Instantiations"), checkSeconds: figure("Check time") };
}

if (process.argv[1] === import.meta.filename) {
  const [load = 0] = loadavg();
  console.log(JSON.stringify({ node: process.version, load, codegen: await measureCodegen() }, undefined, 2));
}
