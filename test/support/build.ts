import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const sources = ["runtime", "generator", "drizzle"];

/**
 * Where what `test/e2e/tsconfig.processes.json` names is as JavaScript: such a process starts in a third of the time that
 * it takes with tsx. Paths are those of the repository.
 */
export const builtProcesses: string = join(root, ".test-build");

function compile(config: string): void {
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, config)], {
    stdio: "inherit",
  });
}

export function buildProcesses(): void {
  compile("test/e2e/tsconfig.processes.json");
}

/** What `import "jobwright"` finds: the package must be what its sources say. */
function buildPackage(): void {
  const built = statSync(join(root, "dist/generator/cli/main.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const isNewer = (file: string): boolean => statSync(file).mtimeMs > built;
  const filesIn = (folder: string): readonly string[] =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(root, folder, file));
  if (sources.flatMap(filesIn).some(isNewer)) compile("tsconfig.build.json");
}

/** Vitest calls it once before all files. */
export default function setup(): void {
  buildPackage();
  buildProcesses();
}
