import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { JobwrightError } from "../runtime/contract/errors.ts";

export const schemaNames: readonly string[] = [
  "jobs.schema.ts",
  "jobs.schema.mts",
  "jobs.schema.js",
  "jobs.schema.mjs",
];

/** The schema file: the one that was named, or the first one from `cwd` upward. Throws `JW_SCHEMA_NOT_FOUND`. */
export function findSchema(cwd: string, named: string | undefined): string {
  if (named !== undefined) {
    const file = resolve(cwd, named);
    if (isFile(file)) return file;
    throw new JobwrightError("JW_SCHEMA_NOT_FOUND", `There is no schema file ${named}.`, {
      hint: "Check the path given with --schema; it is relative to the working directory.",
    });
  }
  const found = findUpward(cwd, schemaNames);
  if (found !== undefined) return found;
  throw new JobwrightError("JW_SCHEMA_NOT_FOUND", "There is no jobs.schema.ts in this folder or above.", {
    hint: "Run `jobwright init` to begin with one, or name yours with --schema.",
  });
}

export function findUpward(folder: string, names: readonly string[]): string | undefined {
  for (const name of names) if (isFile(join(folder, name))) return join(folder, name);
  const parent = dirname(folder);
  return parent === folder ? undefined : findUpward(parent, names);
}

export function findTsconfig(schema: string): string | undefined {
  return findUpward(dirname(schema), ["tsconfig.json"]);
}

/** `path` as others should read it: relative to `from`, with `/`. */
export function posixRelative(from: string, path: string): string {
  return relative(from, path).split(sep).join("/");
}

/** What files outside of the process are like: absent is not an error. */
export function readIfExists(file: string): string | undefined {
  return existsSync(file) && isFile(file) ? readFileSync(file, "utf8") : undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
