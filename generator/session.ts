import { basename } from "node:path";
import { readIfExists } from "./find.ts";
import { load, type LoadOptions } from "./load/load.ts";
import { createSpare } from "./load/spare.ts";
import type { KnownJobs, LoadResult } from "./load/process.ts";
import { type Lock, type LockedJob, lockFileOf, parseLock } from "./lock/lock.ts";
import { placesOfJob } from "./emit/declared-places.ts";
import { attachDocs } from "./model/docs.ts";
import { deepFreeze } from "./model/freeze.ts";
import { type JobModel, modelVersion } from "./model/model.ts";
import { readSchemaSource, type SchemaSource } from "./source/schema-source.ts";

/**
 * What one run of the generator leaves for the next. It never changes what a run gives: equal values become the same object,
 * by which memos of pure functions find what they made of it.
 */
export interface Session {
  load(options: LoadOptions): Promise<LoadResult>;
  readSource(file: string, text: string): SchemaSource;
  /** Does beforehand, while the schema runs, what will be asked for if most of it did not change. */
  anticipate(schema: string, source: SchemaSource): void;
  /** The frozen equal of a job that the last run had, or this one, frozen. */
  keep(job: JobModel): JobModel;
  /** Throws as `parseLock` does. */
  parseLock(text: string, name: string): Lock;
}

/** Nothing is kept. */
export const singleRun: Session = {
  load,
  readSource: readSchemaSource,
  anticipate: () => {},
  keep: (job) => job,
  parseLock,
};

export interface LastingSession extends Session {
  /** Between two runs, when nobody waits. */
  prepare(): void;
  close(): void;
}

export function createSession(): LastingSession {
  const spare = createSpare();
  const jobs = createPool<JobModel>();
  const lockedJobs = createPool<LockedJob>();
  let known: KnownJobs = { texts: [], jobs: [] };
  let source: { readonly file: string; readonly text: string; readonly made: SchemaSource } | undefined;
  let lock: { readonly text: string; readonly made: Lock } | undefined;
  let last: LoadOptions | undefined;

  function parse(text: string, name: string): Lock {
    if (lock?.text === text) return lock.made;
    const { jobs: locked, ...rest } = parseLock(text, name);
    const entries = Object.entries(locked).map(([job, value]) => [job, lockedJobs.keep(value)] as const);
    lockedJobs.forgetUnused();
    lock = { text, made: { ...rest, jobs: Object.fromEntries(entries) } };
    return lock.made;
  }

  function parseLockOf(schema: string): void {
    const file = lockFileOf(schema);
    const text = readIfExists(file);
    try {
      if (text !== undefined) parse(text, basename(file));
    } catch {
      // Told when it is asked for.
    }
  }

  return {
    async load(options) {
      last = options;
      const result = await spare.run(options);
      if (result.type === "loaded") known = knowledgeOf(result.jobs, known);
      return result;
    },
    readSource(file, text) {
      if (source?.file !== file || source.text !== text) source = { file, text, made: readSchemaSource(file, text) };
      return source.made;
    },
    anticipate(schema, made) {
      const { jobs: documented } = attachDocs({ modelVersion, jobs: known.jobs, named: [] }, made, jobs.keep);
      for (const job of documented) placesOfJob(job, made);
      parseLockOf(schema);
    },
    keep: jobs.keep,
    parseLock: parse,
    prepare() {
      jobs.forgetUnused();
      if (!last) return;
      spare.prepare(last, known);
      // The run that is over has written it.
      parseLockOf(last.file);
    },
    close: () => spare.end(),
  };
}

/** Frozen, so that the next load may give the very same objects. */
function knowledgeOf(jobs: readonly JobModel[], before: KnownJobs): KnownJobs {
  const texts = new Map(before.jobs.map((job, index) => [job, before.texts[index] ?? ""]));
  for (const job of jobs) deepFreeze(job);
  return { jobs, texts: jobs.map((job) => texts.get(job) ?? JSON.stringify(job)) };
}

interface Pool<T> {
  readonly keep: (value: T) => T;
  /** Those that were not asked for since the last time. */
  forgetUnused(): void;
}

/** One frozen object for all that have the same JSON, which is all that there is to them. */
function createPool<T extends object>(): Pool<T> {
  let before: ReadonlyMap<string, T> = new Map();
  let now = new Map<string, T>();
  return {
    keep(value) {
      const text = JSON.stringify(value);
      const kept = now.get(text) ?? before.get(text) ?? frozen(value);
      now.set(text, kept);
      return kept;
    },
    forgetUnused() {
      before = now;
      now = new Map();
    },
  };
}

function frozen<T>(value: T): T {
  deepFreeze(value);
  return value;
}
