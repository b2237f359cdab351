import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseDuration } from "../runtime/core/duration.ts";
import { loadCodegenConfig } from "./codegen-config.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { codeFrame, diagnosticsError } from "./diagnostics.ts";
import type { EmitContext, Emitter, GeneratedFile } from "./emit/emitter.ts";
import { builtInEmitters, createEmitContext } from "./emit/files.ts";
import { runEmitters } from "./emit/run-emitters.ts";
import { findSchema, findTsconfig, posixRelative, readIfExists } from "./find.ts";
import { importExtension } from "./import-extension.ts";
import { describeFailure, throwingFile } from "./load/failure.ts";
import { contractsIn } from "./lock/contracted.ts";
import type { Acceptance } from "./lock/refresh.ts";
import { attachPrevious } from "./lock/previous.ts";
import { type LockUpdate, updateLock } from "./lock/update.ts";
import { attachDocs } from "./model/docs.ts";
import { freezeModel } from "./model/freeze.ts";
import { hashModel } from "./model/hash.ts";
import { type Model, modelVersion, type Problem } from "./model/model.ts";
import { planWire } from "./model/wire-plan.ts";
import { type Session, singleRun } from "./session.ts";
import { readSchemaSource, type SchemaSource } from "./source/schema-source.ts";
import { typesFile } from "./types-file.ts";

export interface SchemaOptions {
  /** Path of the schema file, relative to `cwd`. Default: `jobs.schema.{ts,mts,js,mjs}` in `cwd` or above. */
  readonly schema?: string;
  /** Working directory, absolute. */
  readonly cwd: string;
  /** Time that the schema file has to load, in ms. Default 20,000. */
  readonly timeoutMs?: number;
}

export interface BuildOptions extends SchemaOptions {
  /** Folder of the generated files, relative to `cwd`. Default: `generated` next to the schema. */
  readonly out?: string;
  /** Print further files into the generated folder. Default: those of `jobs.codegen.ts` next to the schema, if there is one. */
  readonly emitters?: readonly Emitter[];
  /** Let these jobs break their contract. Default: none. */
  readonly accept?: Acceptance;
}

/** A schema file that was loaded. */
export interface LoadedSchema {
  /** Absolute. */
  readonly schema: string;
  readonly model: Model;
  readonly source: SchemaSource;
  readonly loadMs: number;
  /** Puts each problem at its place in the schema file. */
  locate(problems: readonly Problem[]): readonly Diagnostic[];
}

export interface Build {
  /** Absolute. */
  readonly schema: string;
  /** Absolute. */
  readonly out: string;
  /** In the order in which they have to be written, so that none imports one that is not there yet. */
  readonly files: readonly GeneratedFile[];
  readonly lock: LockUpdate;
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

/** Schema → model → checks → texts, all in memory. Throws as `describe` does, and for a contract that breaks. */
export async function build(options: BuildOptions, session: Session = singleRun): Promise<Build> {
  const { schema, out, model, context, locate, loadMs } = await describe(options, session);
  const started = performance.now();
  const lock = updateLock(schema, contractsIn(model), options.accept, session.parseLock);
  if (lock.problems.length > 0) throw diagnosticsError(locate(lock.problems));
  const emitters = options.emitters ?? (await loadCodegenConfig(schema)).emitters ?? [];
  const files = runEmitters([...builtInEmitters, ...emitters], model, context);
  const timings = { loadMs, emitMs: performance.now() - started };
  return { schema, out, files, lock, jobs: model.jobs.length, timings };
}

export interface Description extends LoadedSchema {
  /** Absolute. */
  readonly out: string;
  readonly context: EmitContext;
}

/** Schema → model → checks: what emitters get. Throws with every problem in `details.diagnostics`. */
export async function describe(options: BuildOptions, session: Session = singleRun): Promise<Description> {
  const loaded = await loadSchema(options, session);
  const { schema, source, locate } = loaded;
  const model = freezeModel(attachPrevious(loaded.model, schema));
  const out = resolve(options.cwd, options.out ?? resolve(dirname(schema), "generated"));
  const plans = planWire(model);
  if (plans.problems.length > 0) throw diagnosticsError(locate(plans.problems));
  const context = createEmitContext(model, plans, {
    hash: hashModel(model),
    schema: posixRelative(out, schema),
    extension: importExtension(findTsconfig(schema)),
    typesFile: typesFile(schema),
    source,
  });
  return { ...loaded, model, out, context };
}

/** Runs the schema file. Throws with every problem in `details.diagnostics`. */
export async function loadSchema(options: SchemaOptions, session: Session = singleRun): Promise<LoadedSchema> {
  const schema = findSchema(options.cwd, options.schema);
  const text = readFileSync(schema, "utf8");
  const started = performance.now();
  const { model, problems, source } = await loadModel(schema, text, options, session);
  const place = (all: readonly Problem[]): readonly Diagnostic[] =>
    locate(all, source, { schema, text, cwd: options.cwd });
  // What cannot be stored may have no plan either, and both are told at once.
  if (problems.length > 0) throw diagnosticsError(place([...problems, ...planWire(model).problems]));
  return { schema, model, source, loadMs: performance.now() - started, locate: place };
}

async function loadModel(
  schema: string,
  text: string,
  options: SchemaOptions,
  session: Session,
): Promise<{ readonly model: Model; readonly problems: readonly Problem[]; readonly source: SchemaSource }> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const loading = session.load({ file: schema, cwd: options.cwd, tsconfig: findTsconfig(schema), timeoutMs }, text);
  // Both take most of a second: the text is parsed here while the other process runs the schema.
  const source = session.readSource(schema, text);
  session.anticipate(schema, source);
  const result = await loading;
  if (result.type === "invalid") {
    const file = throwingFile(result.stack, schema);
    const content = file === schema ? text : (readIfExists(file) ?? "");
    const place = file === schema ? source : readSchemaSource(file, content);
    throw diagnosticsError(locate(result.problems, place, { schema: file, text: content, cwd: options.cwd }));
  }
  if (result.type !== "loaded")
    throw diagnosticsError([describeFailure(result, { schema, cwd: options.cwd, timeoutMs })]);
  const { jobs, workflows, named } = result;
  const plain: Model = { modelVersion, jobs, ...(workflows ? { workflows } : {}), named };
  return { model: freezeModel(attachDocs(plain, source, session.keep)), problems: result.problems, source };
}

/** Puts each problem at its place in the schema file, or one that it imports, as near as their texts show it. */
function locate(
  problems: readonly Problem[],
  source: SchemaSource,
  { schema, text, cwd }: { readonly schema: string; readonly text: string; readonly cwd: string },
): readonly Diagnostic[] {
  const diagnostics = problems.map(({ code, job, path, message, hint }) => {
    let node = (job === undefined ? undefined : source.job(job)) ?? source.root;
    for (const part of path) node = node.child(part) ?? node;
    const { line, column } = node;
    const file = resolve(dirname(schema), node.file);
    return {
      code,
      message,
      hint,
      file: posixRelative(cwd, file),
      line,
      column,
      frame: codeFrame(file === schema ? text : (readIfExists(file) ?? ""), line, column),
      ...(job === undefined ? {} : { job }),
    };
  });
  return diagnostics.sort(
    (a, b) => (a.file === b.file ? 0 : a.file < b.file ? -1 : 1) || a.line - b.line || a.column - b.column,
  );
}
