import { existsSync, readdirSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { findTsconfig, findUpward, readIfExists } from "./find.ts";
import { readTsconfig, type Tsconfig } from "./tsconfig.ts";

/** `types.d.ts` has a map, by which editors jump from a job to the schema; they follow maps of declarations only. */
export type TypesFile = "types.d.ts" | "types.ts";

/**
 * `types.ts` where a `types.d.ts` would get lost: the compiler does not copy declarations that it did not make, so those of
 * a package would import a file that is missing; and what Git ignores is missing after a checkout.
 */
export function typesFile(schema: string): TypesFile {
  return emitsDeclarations(schema) || ignoresDeclarations(dirname(schema)) ? "types.ts" : "types.d.ts";
}

function emitsDeclarations(schema: string): boolean {
  return tsconfigsOf(schema)
    .map(readTsconfig)
    .some((config) => emits(config) && reaches(config, schema));
}

function emits({ options }: Tsconfig): boolean {
  return options["noEmit"] !== true && (options["declaration"] === true || options["composite"] === true);
}

/**
 * The compiled client loads the compiled schema, so whoever compiles the one compiles the other. Files that are named one by
 * one may import anything.
 */
function reaches({ include, files }: Tsconfig, schema: string): boolean {
  const patterns = include ?? (files ? [] : undefined);
  return !patterns || [...patterns, ...(files ?? [])].some((pattern) => mayHold(pattern, schema));
}

function mayHold(pattern: string, schema: string): boolean {
  const [fixed = ""] = pattern.split(/[*?]/);
  if (fixed !== pattern) return schema.startsWith(fixed);
  const isFile = /\.[cm]?[jt]sx?$/.test(pattern);
  return isFile || schema.startsWith(`${pattern}${sep}`);
}

/** The project's tsconfig with what it refers to, and its neighbours, like `tsconfig.build.json`, up to the package. */
function tsconfigsOf(schema: string): readonly string[] {
  const own = findTsconfig(schema);
  const root = findUpward(dirname(schema), ["package.json"]);
  const folders = foldersBetween(dirname(schema), root === undefined ? dirname(schema) : dirname(root));
  const neighbours = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^tsconfig(\..+)?\.json$/.test(name))
      .map((name) => join(folder, name)),
  );
  const referred = own === undefined ? [] : readTsconfig(own).references.map(configAt);
  return [...new Set([...(own === undefined ? [] : [own]), ...referred, ...neighbours])].filter(isThere);
}

function configAt(path: string): string {
  return path.endsWith(".json") ? path : join(path, "tsconfig.json");
}

function isThere(file: string): boolean {
  return readIfExists(file) !== undefined;
}

/** A line of `.gitignore` as templates have it. The files of a repository decide, never the settings of a machine. */
function ignoresDeclarations(folder: string): boolean {
  const text = readIfExists(join(folder, ".gitignore"));
  if (text !== undefined && /^\/?(\*\*\/)?\*\.d\.ts\s*$/m.test(text)) return true;
  const parent = dirname(folder);
  return !existsSync(join(folder, ".git")) && parent !== folder && ignoresDeclarations(parent);
}

function foldersBetween(from: string, to: string): readonly string[] {
  return from === to || from === dirname(from) ? [from] : [from, ...foldersBetween(dirname(from), to)];
}
