import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { findUpward, readIfExists } from "./find.ts";

/** The ending of relative imports in generated files. */
export type ImportExtension = ".js" | ".ts";

/**
 * `.ts` where the compiler allows it, or where there is no tsconfig and Node or a bundler runs the files as they are;
 * else `.js`, which every module setting understands.
 */
export function importExtension(tsconfig: string | undefined): ImportExtension {
  if (tsconfig === undefined) return ".ts";
  const options = readOptions(tsconfig, new Set());
  return options["allowImportingTsExtensions"] === true || options["rewriteRelativeImportExtensions"] === true
    ? ".ts"
    : ".js";
}

type Options = Readonly<Record<string, unknown>>;

function readOptions(file: string, visited: Set<string>): Options {
  if (visited.has(file)) return {};
  visited.add(file);
  const config = parse(readFileSync(file, "utf8"));
  const bases = [config["extends"] ?? []].flat().filter((base) => typeof base === "string");
  const inherited = bases.map((base) => {
    const path = locate(base, file);
    return path === undefined ? {} : readOptions(path, visited);
  });
  const own = config["compilerOptions"];
  return Object.assign({}, ...inherited, typeof own === "object" ? own : {}) as Options; // all parts are plain objects
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

/** JSON with comments and trailing commas, as tsconfig files are. A broken one says nothing. */
function parse(text: string): Options {
  const withoutComments = text.replaceAll(
    /("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, string: string | undefined) => string ?? "",
  );
  const withoutCommas = withoutComments.replaceAll(
    /("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g,
    (_, string: string | undefined) => string ?? "",
  );
  try {
    const value: unknown = JSON.parse(withoutCommas.replace(/^\uFEFF/, ""));
    return typeof value === "object" && value !== null ? (value as Options) : {}; // an object, by the check
  } catch {
    return {};
  }
}
