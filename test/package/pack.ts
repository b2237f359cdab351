import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Packs the built package into a folder and returns the tarball's path. */
export function pack(folder: string): string {
  // Without scripts: `npm test` has built, and other tests read dist/ meanwhile.
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const [packed] = JSON.parse(execFileSync("npm", args, { cwd: root, encoding: "utf8" })) as [{ filename: string }]; // npm's format
  return `${folder}/${packed.filename}`;
}
