import { pathToFileURL } from "node:url";
import { JobwrightError } from "../../runtime/contract/errors.ts";

/** Runs a configuration file of the user, TypeScript or not, and gives its default export. Throws `JW_CONFIG`. */
export async function loadDefaultExport(file: string): Promise<unknown> {
  const { tsImport } = await import("tsx/esm/api");
  try {
    const module = (await tsImport(pathToFileURL(file).href, import.meta.url)) as { readonly default?: unknown }; // any module
    return module.default;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new JobwrightError("JW_CONFIG", `${file} cannot be loaded: ${reason}`, {
      cause: error,
      ...(JobwrightError.is(error) && error.hint !== undefined ? { hint: error.hint } : {}),
    });
  }
}
