import { isDeepStrictEqual } from "node:util";
import { deepFreeze } from "../model/freeze.ts";
import type { JobModel } from "../model/model.ts";
import { codeOfEntries } from "../source/entry-code.ts";
import type { LoadOptions } from "./load.ts";
import type { KnownJobs, LoadResult } from "./process.ts";
import type { Edited } from "./protocol.ts";
import { createSpare } from "./spare.ts";

/** How a schema file came to be what it is, if only entries of it are others. */
export interface EntriesEdit {
  /** What it was. */
  readonly before: string;
  /** The text of the other entries. */
  readonly region: string;
  /** See `Edit`. */
  readonly excerpt: string;
  readonly keys: readonly string[];
}

/** Loads a schema again and again. */
export interface LastingLoad {
  /** `text`: of the file; `edit`: what made it of an older text. */
  load(options: LoadOptions, text: string, edit: EntriesEdit | undefined): Promise<LoadResult>;
  /** Jobs of the last load that succeeded. */
  known(): KnownJobs;
  /** See `LastingSession`. */
  prepare(onDoubt: () => void): void;
  end(): void;
}

type Loaded = LoadResult & { readonly type: "loaded" };

/**
 * An edit of entries is evaluated where the rest of the file has been run. A file that is not the same whenever it is run would
 * make something else of it, so the whole file is run as well, after the answer; once it was different, only whole runs count.
 */
export function createLastingLoad(): LastingLoad {
  const spare = createSpare();
  let known: KnownJobs = { texts: [], jobs: [] };
  let last: LoadOptions | undefined;
  /** What the process that takes edits has run, or been told. */
  let held: { readonly text: string; readonly result: Loaded } | undefined;
  let unproven: { readonly options: LoadOptions; readonly result: Loaded } | undefined;
  let isTrusted = true;
  let proving = Promise.resolve();
  let isOver = false;

  async function tryEdit(options: LoadOptions, edit: EntriesEdit): Promise<Loaded | undefined> {
    if (!isTrusted || held?.text !== edit.before) return undefined;
    const code = codeOfEntries(edit.region);
    if (code === undefined) return undefined;
    const { excerpt, keys } = edit;
    const edited = await spare.edit(options, { code, excerpt, keys });
    const result = edited && merge(held.result, edited);
    unproven = result && { options, result };
    return result;
  }

  async function run(options: LoadOptions): Promise<LoadResult> {
    unproven = undefined;
    return spare.run(options);
  }

  async function prove(onDoubt: () => void): Promise<void> {
    if (isOver) return;
    const claim = unproven;
    const result = claim && (await spare.runAside(claim.options));
    if (isOver) return;
    if (last) spare.prepare(last, known);
    if (!claim || !result || unproven !== claim) return;
    unproven = undefined;
    if (isDeepStrictEqual(result, claim.result)) return;
    isTrusted = false;
    onDoubt();
  }

  return {
    async load(options, text, edit) {
      last = options;
      const result = (edit && (await tryEdit(options, edit))) ?? (await run(options));
      held = undefined;
      if (result.type !== "loaded") return result;
      known = knowledgeOf(result.jobs, known);
      // What cannot be stored has no contract that others could be kept beside.
      if (result.problems.length === 0) held = { text, result };
      return result;
    },
    known: () => known,
    prepare(onDoubt) {
      proving = proving
        .then(() => prove(onDoubt))
        .catch(() => {
          // No process could be started. What cannot be proved does not count; the next run tells why.
          isTrusted = false;
        });
    },
    end() {
      isOver = true;
      spare.end();
    },
  };
}

function merge(before: Loaded, { names, jobs, workflows }: Edited): Loaded | undefined {
  const { workflows: _, ...rest } = before;
  const all = new Map([...before.jobs, ...jobs].map((job) => [job.name, job]));
  const merged = names.flatMap((name) => all.get(name) ?? []);
  if (merged.length < names.length) return undefined;
  return { ...rest, jobs: merged, ...(workflows ? { workflows } : {}) };
}

/** Frozen, so that the next load may give the very same objects. */
function knowledgeOf(jobs: readonly JobModel[], before: KnownJobs): KnownJobs {
  const texts = new Map(before.jobs.map((job, index) => [job, before.texts[index] ?? ""]));
  for (const job of jobs) deepFreeze(job);
  return { jobs, texts: jobs.map((job) => texts.get(job) ?? JSON.stringify(job)) };
}
