import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How a call of the command line ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line of the built package, as users have it. */
export const cliFile: string = fileURLToPath(new URL("../../dist/generator/cli/main.js", import.meta.url));

export function runCli({ folder }: { readonly folder: string }, ...words: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cliFile, ...words], {
    cwd: folder,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}
