import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { JobwrightError, type Provider } from "../../runtime/contract/index.ts";
import type { JobwrightConfig } from "../../runtime/config.ts";
import { loadDefaultExport } from "../load/user-module.ts";

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
  const config = await loadDefaultExport(file);
  if (!isConfig(config)) {
    throw new JobwrightError("JW_CONFIG", `${file} has no default export with a \`provider\` function.`, {
      hint: 'Export `{ provider: () => sqlite("jobs.db") } satisfies JobwrightConfig`.',
    });
  }
  return config;
}

function isConfig(value: unknown): value is JobwrightConfig {
  return typeof value === "object" && value !== null && "provider" in value && typeof value.provider === "function";
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
