import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Edit, Edited } from "./protocol.ts";
import { readTsconfig } from "../tsconfig.ts";
import { load, type LoadOptions } from "./load.ts";
import { type KnownJobs, type LoadResult, type ProcessOptions, type SchemaProcess, startProcess } from "./process.ts";

/** Processes that are there before they are needed: one is ready to run the schema, and one has run it. */
export interface Spare {
  /** Makes one ready that knows these jobs. */
  prepare(options: ProcessOptions, known: KnownJobs): void;
  /** Runs the schema in the process that is ready, or in a new one where there is none, or where it began in another world. */
  run(options: LoadOptions): Promise<LoadResult>;
  /** Asks the process that has run the schema. Undefined: only a run can tell. */
  edit(options: LoadOptions, edit: Omit<Edit, "type">): Promise<Edited | undefined>;
  /** `run`, while nobody waits. Undefined: something was asked meanwhile, and this would be the answer to an older question. */
  runAside(options: LoadOptions): Promise<LoadResult | undefined>;
  end(): void;
}

interface Placed {
  readonly process: SchemaProcess;
  /** Where it began. */
  readonly world: string;
}

/** An edit takes a few ms; one that hangs is for a run to tell, which has more time. */
const editTimeoutMs = 2_000;

export function createSpare(): Spare {
  let ready: Placed | undefined;
  let holder: Placed | undefined;
  /** Runs aside. */
  let aside: SchemaProcess | undefined;
  let questions = 0;

  /** Of the one that is ready, which is not any more. */
  async function take(
    options: LoadOptions,
    begin: (process: SchemaProcess) => void,
  ): Promise<readonly [LoadResult, Placed | undefined]> {
    const taken = ready;
    ready = undefined;
    const process = usable(taken, options);
    if (!process) {
      taken?.process.end();
      return [await load(options), undefined];
    }
    begin(process);
    const result = await process.run(options.timeoutMs);
    // It may have been ended while it waited, by whoever needed the memory; the schema's own end comes again.
    return result.type === "exited" ? [await load(options), undefined] : [result, taken];
  }

  function hold(placed: Placed | undefined): void {
    holder?.process.end();
    holder = placed?.process.isAlive() ? placed : undefined;
  }

  return {
    prepare({ file, cwd, tsconfig }, known) {
      ready?.process.end();
      const world = worldOf({ file, cwd, tsconfig });
      ready = { process: startProcess({ file, cwd, tsconfig }, known), world };
    },
    async run(options) {
      questions++;
      hold(undefined);
      const [result, placed] = await take(options, () => {});
      hold(placed);
      return result;
    },
    async edit(options, edit) {
      questions++;
      return usable(holder, options)?.edit(edit, editTimeoutMs);
    },
    async runAside(options) {
      const question = questions;
      const [result, placed] = await take(options, (process) => (aside = process));
      aside = undefined;
      if (question === questions) {
        hold(placed);
        return result;
      }
      placed?.process.end();
      return undefined;
    },
    end() {
      for (const process of [ready?.process, holder?.process, aside]) process?.end();
      ready = holder = undefined;
    },
  };
}

function usable(placed: Placed | undefined, options: LoadOptions): SchemaProcess | undefined {
  return placed?.process.isAlive() && placed.world === worldOf(options) ? placed.process : undefined;
}

/**
 * What a process takes in when it starts, beyond the files that the schema imports: when any of it is different, only a new
 * process sees it. Of packages it is their `package.json`, which an installation writes.
 */
function worldOf({ file, cwd, tsconfig }: ProcessOptions): string {
  const packages = [...foldersAbove(dirname(file)).map((folder) => join(folder, "package.json")), zodPackage];
  const compiler = tsconfig === undefined ? undefined : [stampOf(tsconfig), readTsconfig(tsconfig)];
  return JSON.stringify([file, cwd, tsconfig, compiler, packages.map(stampOf), process.env]);
}

const zodPackage = createRequire(import.meta.url).resolve("zod/package.json");

function foldersAbove(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)];
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : "";
}
