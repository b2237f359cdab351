import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { JobwrightError, type Provider } from "../../runtime/contract/index.ts";
import type { JobwrightConfig } from "../../runtime/config.ts";

const names = ["jobwright.config.ts", "jobwright.config.mts", "jobwright.config.js", "jobwright.config.mjs"];

/** The file named by `path`, or `jobwright.config.ts` here or above. Throws `JW_CONFIG`. */
export function findConfig(path: string | undefined, cwd = process.cwd()): string {
  const file = path === undefined ? findUp(cwd) : resolve(cwd, path);
  if (file !== undefined && existsSync(file)) return file;
  throw new JobwrightError("JW_CONFIG", `There is no ${file ?? "jobwright.config.ts here or above"}.`, {
    hint: "Run `jobwright init`, or point to a file with `--config`.",
  });
}

/** Loads `jobwright.config.ts` from here or above. TypeScript is loaded with tsx. */
export async function loadConfig(path: string | undefined, cwd = process.cwd()): Promise<JobwrightConfig> {
  const file = findConfig(path, cwd);
  const { tsImport } = await import("tsx/esm/api");
  let module: { readonly default?: JobwrightConfig };
  try {
    module = (await tsImport(pathToFileURL(file).href, import.meta.url)) as typeof module; // checked below
  } catch (error) {
    throw new JobwrightError(
      "JW_CONFIG",
      `${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
        ...(JobwrightError.is(error) && error.hint !== undefined ? { hint: error.hint } : {}),
      },
    );
  }
  if (typeof module.default?.provider !== "function") {
    throw new JobwrightError("JW_CONFIG", `${file} has no default export with a \`provider\` function.`, {
      hint: 'Export `{ provider: () => sqlite("jobs.db") } satisfies JobwrightConfig`.',
    });
  }
  return module.default;
}

function findUp(folder: string): string | undefined {
  const found = names.map((name) => join(folder, name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  const parent = dirname(folder);
  return parent === folder ? undefined : findUp(parent);
}

/** Runs a command on the configured store and closes it, whatever happens. */
export async function withProvider<T>(config: JobwrightConfig, body: (provider: Provider) => Promise<T>): Promise<T> {
  const provider = await config.provider();
  try {
    return await body(provider);
  } finally {
    await provider.stop();
  }
}
