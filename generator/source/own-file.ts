import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { readIfExists } from "../find.ts";

/** What every schema imports; no schema is in there, even where they are linked. */
const foreign = /^(?:node:|(?:jobwright|zod)(?:\/|$))/;

/**
 * The file that an import means, if it is the project's own: found by a relative path, or a package that is linked into
 * `node_modules`, as those of a workspace are. Others are not worth reading.
 */
export function ownFileOf(importer: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return locate(resolve(dirname(importer), specifier));
  if (foreign.test(specifier)) return undefined;
  try {
    const file = realpathSync(createRequire(importer).resolve(specifier));
    return /[\\/]node_modules[\\/]/.test(file) ? undefined : file;
  } catch {
    return undefined; // a path of a tsconfig, a package without an entry for `require`, or none
  }
}

const endings = ["", ".ts", ".mts", ".js", ".mjs", "/index.ts", "/index.js"];

/** The file that an import of this absolute path means. */
export function locate(path: string): string | undefined {
  // `./money.js` in TypeScript means `./money.ts`.
  const typescript = path.replace(/\.(m?)js$/, ".$1ts");
  return [path, typescript]
    .flatMap((base) => endings.map((ending) => base + ending))
    .find((candidate) => readIfExists(candidate) !== undefined);
}
