import { readTsconfig } from "./tsconfig.ts";

/** The ending of relative imports in generated files. */
export type ImportExtension = ".js" | ".ts";

/**
 * `.ts` where the compiler allows it, or where there is no tsconfig and Node or a bundler runs the files as they are;
 * else `.js`, which every module setting understands.
 */
export function importExtension(tsconfig: string | undefined): ImportExtension {
  if (tsconfig === undefined) return ".ts";
  const { options } = readTsconfig(tsconfig);
  return options["allowImportingTsExtensions"] === true || options["rewriteRelativeImportExtensions"] === true
    ? ".ts"
    : ".js";
}
