import { basename, dirname } from "node:path";
import type { JobChange, LockUpdate } from "./lock/update.ts";
import { build, type BuildOptions, describe, type Timings } from "./build.ts";
import type { Emitter, GeneratedFile } from "./emit/emitter.ts";
import { runEmitters } from "./emit/run-emitters.ts";
import { posixRelative } from "./find.ts";
import { type Session, singleRun } from "./session.ts";
import { unifiedDiff } from "./write/diff.ts";
import { planWrite } from "./write/plan.ts";
import { replaceFile, writeFiles } from "./write/write.ts";

export interface GenerateOptions extends BuildOptions {
  /** Overwrite files that were edited, or that somebody else put there. Default false. */
  readonly force?: boolean;
}

export interface GenerateReport {
  /** Absolute path of the schema file. */
  readonly schema: string;
  /** Absolute path of the generated folder. */
  readonly out: string;
  readonly jobs: number;
  /** File names inside of `out`. */
  readonly written: readonly string[];
  readonly unchanged: readonly string[];
  readonly removed: readonly string[];
  /** What changed in the contracts of jobs, other than for the first time. */
  readonly changes: readonly JobChange[];
  readonly timings: Timings;
  readonly totalMs: number;
}

/** Generates and writes. On any error nothing is written. */
export function generate(options: GenerateOptions): Promise<GenerateReport> {
  return generateIn(singleRun, options);
}

/** `generate`, as one of many runs that share what they know. */
export async function generateIn(session: Session, options: GenerateOptions): Promise<GenerateReport> {
  const started = performance.now();
  const { schema, out, files, lock, jobs, timings } = await build(options, session);
  const plan = planWrite(out, files);
  writeFiles(out, files, plan, options.force ?? false);
  if (lock.text !== lock.before) replaceFile(dirname(lock.file), basename(lock.file), lock.text);
  return {
    schema,
    out,
    jobs,
    written: plan.write.map(({ name }) => name),
    unchanged: plan.unchanged,
    removed: plan.remove.map(({ name }) => name),
    changes: lock.changes,
    timings,
    totalMs: performance.now() - started,
  };
}

export interface StaleFile {
  /** Relative to the working directory, with `/`. */
  readonly file: string;
  readonly reason: "changed" | "missing" | "orphan";
  /** From what is there to what should be there. */
  readonly diff: string;
}

export interface CheckReport {
  /** Whether the generated folder and the lock are what `generate` would leave. */
  readonly fresh: boolean;
  readonly stale: readonly StaleFile[];
  readonly jobs: number;
  readonly totalMs: number;
}

function staleLock({ before, text }: LockUpdate, file: string): readonly StaleFile[] {
  if (before === text) return [];
  return [{ file, reason: before === undefined ? "missing" : "changed", diff: unifiedDiff(file, before ?? "", text) }];
}

/** Generates in memory and compares. Writes nothing. */
export async function check(options: BuildOptions): Promise<CheckReport> {
  const started = performance.now();
  const { out, files, lock, jobs } = await build(options);
  const plan = planWrite(out, files);
  const nameOf = (name: string): string => posixRelative(options.cwd, `${out}/${name}`);
  const stale = [
    ...plan.write.map(({ name, before, text }): StaleFile => {
      const reason = before === undefined ? "missing" : "changed";
      return { file: nameOf(name), reason, diff: unifiedDiff(nameOf(name), before ?? "", text) };
    }),
    ...plan.remove.map(({ name, before }): StaleFile => ({
      file: nameOf(name),
      reason: "orphan",
      diff: unifiedDiff(nameOf(name), before, ""),
    })),
    ...staleLock(lock, posixRelative(options.cwd, lock.file)),
  ];
  return { fresh: stale.length === 0, stale, jobs, totalMs: performance.now() - started };
}

/** What these emitters alone make of a schema. Writes nothing. */
export async function print(
  options: Omit<BuildOptions, "emitters">,
  emitters: readonly Emitter[],
): Promise<readonly GeneratedFile[]> {
  const { model, context } = await describe(options);
  return runEmitters(emitters, model, context);
}
