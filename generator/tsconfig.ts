import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { findUpward, readIfExists } from "./find.ts";

/** What a tsconfig file says, with what it extends. */
export interface Tsconfig {
  readonly options: Readonly<Record<string, unknown>>;
  /** Absolute paths, as patterns; undefined: not given, here or in what it extends. */
  readonly include: readonly string[] | undefined;
  readonly files: readonly string[] | undefined;
  /** Absolute paths of the files or folders that this very file refers to. */
  readonly references: readonly string[];
}

const nothing: Tsconfig = { options: {}, include: undefined, files: undefined, references: [] };

/** A broken file says nothing: the compiler is the one to complain. */
export function readTsconfig(file: string): Tsconfig {
  return read(file, new Set());
}

function read(file: string, visited: Set<string>): Tsconfig {
  if (visited.has(file)) return nothing;
  visited.add(file);
  const config = parse(readFileSync(file, "utf8"));
  const bases = textsOf(config["extends"]).flatMap((base) => {
    const path = locate(base, file);
    return path === undefined ? [] : [read(path, visited)];
  });
  const inherit = <K extends "include" | "files">(key: K): Tsconfig[K] =>
    Array.isArray(config[key]) ? absolute(config[key], file) : bases.findLast((base) => base[key])?.[key];
  return {
    options: Object.assign({}, ...bases.map(({ options }) => options), objectOf(config["compilerOptions"])),
    include: inherit("include"),
    files: inherit("files"),
    references: absolute(
      listOf(config["references"]).map((reference) => objectOf(reference)["path"]),
      file,
    ),
  };
}

function absolute(paths: readonly unknown[], file: string): readonly string[] {
  return textsOf(paths).map((path) => resolve(dirname(file), path));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((entry) => typeof entry === "string");
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {}; // any JSON object
}

function locate(base: string, from: string): string | undefined {
  if (base.startsWith(".") || base.startsWith("/")) {
    const path = resolve(dirname(from), base);
    return [path, `${path}.json`].find((candidate) => readIfExists(candidate) !== undefined);
  }
  try {
    return createRequire(from).resolve(base);
  } catch {
    return findUpward(dirname(from), [`node_modules/${base}/tsconfig.json`, `node_modules/${base}.json`]);
  }
}

/** JSON with comments and trailing commas, as tsconfig files are. */
function parse(text: string): Readonly<Record<string, unknown>> {
  const withoutComments = text.replaceAll(
    /("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, string: string | undefined) => string ?? "",
  );
  const withoutCommas = withoutComments.replaceAll(
    /("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g,
    (_, string: string | undefined) => string ?? "",
  );
  try {
    return objectOf(JSON.parse(withoutCommas.replace(/^\uFEFF/, "")));
  } catch {
    return {};
  }
}
