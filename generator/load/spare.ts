import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { readTsconfig } from "../tsconfig.ts";
import { load, type LoadOptions } from "./load.ts";
import { type KnownJobs, type LoadResult, type ProcessOptions, type SchemaProcess, startProcess } from "./process.ts";

/** A process that is ready before it is needed. It runs the schema once, like every other. */
export interface Spare {
  /** Starts a process that knows these jobs, unless there is one. */
  prepare(options: ProcessOptions, known: KnownJobs): void;
  /** Runs the schema in the process that is ready, or in a new one where there is none, or where it began in another world. */
  run(options: LoadOptions): Promise<LoadResult>;
  end(): void;
}

export function createSpare(): Spare {
  let ready: { readonly process: SchemaProcess; readonly world: string } | undefined;

  function end(): void {
    ready?.process.end();
    ready = undefined;
  }

  return {
    prepare({ file, cwd, tsconfig }, known) {
      end();
      const world = worldOf({ file, cwd, tsconfig });
      ready = { process: startProcess({ file, cwd, tsconfig }, known), world };
    },
    async run(options) {
      if (!ready?.process.isAlive() || ready.world !== worldOf(options)) {
        end();
        return load(options);
      }
      const { process } = ready;
      ready = undefined;
      const result = await process.run(options.timeoutMs);
      // It may have been ended while it waited, by whoever needed the memory; the schema's own end comes again.
      return result.type === "exited" ? load(options) : result;
    },
    end,
  };
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
