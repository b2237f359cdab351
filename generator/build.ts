import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseDuration } from "../runtime/core/duration.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { codeFrame, diagnosticsError } from "./diagnostics.ts";
import { emitFiles, type GeneratedFile } from "./emit/files.ts";
import { findSchema, findTsconfig, posixRelative } from "./find.ts";
import { importExtension } from "./import-extension.ts";
import { describeFailure } from "./load/failure.ts";
import { load } from "./load/load.ts";
import { attachDocs } from "./model/docs.ts";
import { freezeModel } from "./model/freeze.ts";
import { hashModel } from "./model/hash.ts";
import type { Model, Problem } from "./model/model.ts";
import { planWire } from "./model/wire-plan.ts";
import { readSchemaSource, type SchemaSource } from "./source/schema-source.ts";
import { typesFile } from "./types-file.ts";

export interface BuildOptions {
  /** Path of the schema file, relative to `cwd`. Default: `jobs.schema.{ts,mts,js,mjs}` in `cwd` or above. */
  readonly schema?: string;
  /** Folder of the generated files, relative to `cwd`. Default: `generated` next to the schema. */
  readonly out?: string;
  /** Working directory, absolute. */
  readonly cwd: string;
  /** Time that the schema file has to load, in ms. Default 20,000. */
  readonly timeoutMs?: number;
}

export interface Build {
  /** Absolute. */
  readonly schema: string;
  /** Absolute. */
  readonly out: string;
  /** In the order in which they have to be written, so that none imports one that is not there yet. */
  readonly files: readonly GeneratedFile[];
  readonly jobs: number;
  readonly timings: Timings;
}

/** In ms. */
export interface Timings {
  /** Running the schema file, in its own process. */
  readonly loadMs: number;
  readonly emitMs: number;
}

const defaultTimeoutMs = parseDuration("20s", "timeoutMs");

interface Loaded {
  readonly model: Model;
  readonly problems: readonly Problem[];
  readonly source: SchemaSource;
}

/** Schema → model → checks → texts, all in memory. Throws with every problem in `details.diagnostics`. */
export async function build(options: BuildOptions): Promise<Build> {
  const schema = findSchema(options.cwd, options.schema);
  const out = resolve(options.cwd, options.out ?? resolve(dirname(schema), "generated"));
  const text = readFileSync(schema, "utf8");
  const started = performance.now();
  const { model, problems, source } = await loadModel(schema, text, options);
  const loaded = performance.now();
  const plans = planWire(model);
  const all = [...problems, ...plans.problems];
  if (all.length > 0) throw diagnosticsError(locate(all, source, { schema, text, cwd: options.cwd }));
  const files = emitFiles(model, plans, {
    hash: hashModel(model),
    schema: posixRelative(out, schema),
    extension: importExtension(findTsconfig(schema)),
    typesFile: typesFile(schema),
    source,
  });
  const timings = { loadMs: loaded - started, emitMs: performance.now() - loaded };
  return { schema, out, files, jobs: model.jobs.length, timings };
}

async function loadModel(schema: string, text: string, options: BuildOptions): Promise<Loaded> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const loading = load({ file: schema, cwd: options.cwd, tsconfig: findTsconfig(schema), timeoutMs });
  // Both take most of a second: the text is parsed here while the other process runs the schema.
  const source = readSchemaSource(schema, text);
  const result = await loading;
  if (result.type === "invalid")
    throw diagnosticsError(locate(result.problems, source, { schema, text, cwd: options.cwd }));
  if (result.type !== "loaded")
    throw diagnosticsError([describeFailure(result, { schema, cwd: options.cwd, timeoutMs })]);
  const plain: Model = { jobs: result.jobs, named: result.named };
  return { model: freezeModel(attachDocs(plain, source)), problems: result.problems, source };
}

/** Puts each problem at its place in the schema file, as near as the text of the file shows it. */
function locate(
  problems: readonly Problem[],
  source: SchemaSource,
  { schema, text, cwd }: { readonly schema: string; readonly text: string; readonly cwd: string },
): readonly Diagnostic[] {
  const file = posixRelative(cwd, schema);
  const diagnostics = problems.map(({ code, job, path, message, hint }) => {
    let node = (job === undefined ? undefined : source.job(job)) ?? source.root;
    for (const part of path) node = node.child(part) ?? node;
    const { line, column } = node;
    return {
      code,
      message,
      hint,
      file,
      line,
      column,
      frame: codeFrame(text, line, column),
      ...(job === undefined ? {} : { job }),
    };
  });
  return diagnostics.sort((a, b) => a.line - b.line || a.column - b.column);
}
