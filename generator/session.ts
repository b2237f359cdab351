import { basename } from "node:path";
import { readIfExists } from "./find.ts";
import { load, type LoadOptions } from "./load/load.ts";
import { createLastingLoad } from "./load/lasting.ts";
import type { LoadResult } from "./load/process.ts";
import { type Lock, type LockedJob, lockFileOf, parseLock } from "./lock/lock.ts";
import { placesOfJob } from "./emit/declared-places.ts";
import { attachDocs } from "./model/docs.ts";
import { deepFreeze } from "./model/freeze.ts";
import { type JobModel, modelVersion } from "./model/model.ts";
import { followSource, type ReadSource, readSource } from "./source/follow.ts";
import { readSchemaSource, type SchemaSource } from "./source/schema-source.ts";

/**
 * What one run of the generator leaves for the next. It never changes what a run gives: equal values become the same object,
 * by which memos of pure functions find what they made of it.
 */
export interface Session {
  /** `text`: of the schema file. */
  load(options: LoadOptions, text: string): Promise<LoadResult>;
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
  /**
   * Between two runs, when nobody waits. `onDoubt`: the last load is not what the schema says, because that changes by itself; the
   * next one will be.
   */
  prepare(onDoubt: () => void): void;
  close(): void;
}

export function createSession(): LastingSession {
  const schema = createLastingLoad();
  const jobs = createPool<JobModel>();
  const lockedJobs = createPool<LockedJob>();
  let source: ReadSource | undefined;
  let lock: { readonly text: string; readonly made: Lock } | undefined;
  let file: string | undefined;

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
    load(options, text) {
      ({ file } = options);
      const before = source?.text ?? "";
      const followed = followSource(source, file, text);
      source = followed?.source ?? source;
      const keys = followed?.source.made.layout?.entries.map(({ key }) => key) ?? [];
      return schema.load(options, text, followed?.edit && { ...followed.edit, before, keys });
    },
    readSource(path, text) {
      source = followSource(source, path, text)?.source ?? readSource(path, text);
      return source.made;
    },
    anticipate(path, made) {
      const { jobs: documented } = attachDocs({ modelVersion, jobs: schema.known().jobs, named: [] }, made, jobs.keep);
      for (const job of documented) placesOfJob(job, made);
      parseLockOf(path);
    },
    keep: jobs.keep,
    parseLock: parse,
    prepare(onDoubt) {
      jobs.forgetUnused();
      schema.prepare(onDoubt);
      // The run that is over has written it.
      if (file !== undefined) parseLockOf(file);
    },
    close: () => schema.end(),
  };
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
