import { type FSWatcher, watch as watchFolder } from "node:fs";
import { basename, dirname } from "node:path";
import { findCodegenConfig } from "./codegen-config.ts";
import { findSchema } from "./find.ts";
import { generateIn, type GenerateOptions, type GenerateReport } from "./generate.ts";
import { createSession } from "./session.ts";
import { localImports } from "./source/local-imports.ts";

export interface WatchOptions extends GenerateOptions {
  /** After every run that succeeded, the first one included. */
  readonly onGenerated: (report: GenerateReport) => void;
  /** After every run that failed; the files of the last good one stay. */
  readonly onError: (error: unknown) => void;
  /** How long the files have to be quiet, in ms. Default 20: editors write in several steps. */
  readonly debounceMs?: number;
}

export interface Watcher {
  /** Ends watching, after the run under way. */
  close(): Promise<void>;
}

/** Generates now, and again whenever the schema or a file that it imports changes. */
export function watch(options: WatchOptions): Watcher {
  const { debounceMs = 20 } = options;
  const session = createSession();
  const folders = new Map<string, FSWatcher>();
  let watched: ReadonlySet<string> = new Set();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isDirty = false;
  let isClosed = false;

  async function run(): Promise<void> {
    try {
      options.onGenerated(await generateIn(session, options));
    } catch (error) {
      options.onError(error);
    }
  }

  /** One run at a time; changes during a run lead to one more. */
  async function drain(): Promise<void> {
    while (isDirty && !isClosed) {
      isDirty = false;
      // Before the run, so that what changes while it runs is not missed.
      follow();
      await run();
      // A repaired import may have appeared.
      follow();
    }
    if (!isClosed) session.prepare(trigger);
    running = undefined;
  }

  function trigger(): void {
    if (isClosed) return;
    isDirty = true;
    clearTimeout(timer);
    timer = setTimeout(() => {
      running ??= drain();
    }, debounceMs);
  }

  /** Folders instead of files, because editors replace files. */
  function follow(): void {
    try {
      watched = inputs(findSchema(options.cwd, options.schema));
    } catch {
      // The schema is gone for the moment: keep watching the places where it was.
      if (watched.size === 0) watched = new Set([`${options.cwd}/jobs.schema.ts`]);
    }
    const wanted = new Set([...watched].map((file) => dirname(file)));
    for (const [folder, watcher] of folders) {
      if (wanted.has(folder)) continue;
      watcher.close();
      folders.delete(folder);
    }
    for (const folder of wanted) if (!folders.has(folder)) folders.set(folder, open(folder));
  }

  function open(folder: string): FSWatcher {
    const watcher = watchFolder(folder, (_, name) => {
      // Our own output lies in another folder, or under a name that the schema does not import.
      const isInput = name === null || [...watched].some((file) => dirname(file) === folder && basename(file) === name);
      if (isInput) trigger();
    });
    watcher.on("error", () => trigger());
    return watcher;
  }

  isDirty = true;
  running = drain();
  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await running;
      session.close();
      for (const watcher of folders.values()) watcher.close();
    },
  };
}

/** Every file of the user that the output depends on. */
function inputs(schema: string): ReadonlySet<string> {
  const config = findCodegenConfig(schema);
  return new Set([...localImports(schema), ...(config === undefined ? [] : localImports(config))]);
}
