import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pack } from "./pack.ts";

const root = new URL("../../", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  exports: Record<string, unknown>;
  dependencies: Record<string, string>;
}; // npm's own format

const run = (command: string, ...args: string[]): string =>
  execFileSync(new URL(`node_modules/.bin/${command}`, root).pathname, args, { cwd: root, encoding: "utf8" });

describe("the package", () => {
  it("exports exactly these names, so that a removal is seen", async () => {
    const names: Record<string, string[]> = {};
    for (const entry of Object.keys(manifest.exports)) {
      if (entry.endsWith(".json")) continue;
      const module = (await import(`jobwright${entry.slice(1)}`)) as object; // the entry points of this package
      names[entry] = Object.keys(module).sort();
    }
    expect(names).toMatchSnapshot();
  });

  it("passes publint", () => {
    expect(run("publint", "--strict")).toContain("All good!");
  });

  it("gives the right types in every module resolution of an ESM-only package", () => {
    const folder = mkdtempSync(join(tmpdir(), "jobwright-pack-"));
    try {
      const report = run("attw", pack(folder), "--profile", "esm-only", "--format", "json");
      expect(JSON.parse(report)).toMatchObject({ analysis: { packageName: "jobwright" } });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("packs the built code, its licence and its words, and nothing else", () => {
    const [packed] = JSON.parse(
      execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, encoding: "utf8" }),
    ) as [{ files: { path: string }[] }]; // npm's own format
    const tops = new Set(packed.files.map(({ path }) => path.split("/")[0]));
    expect([...tops].toSorted((a = "", b = "") => a.localeCompare(b, "en"))).toEqual([
      "CHANGELOG.md",
      "dist",
      "LICENSE",
      "package.json",
      "README.md",
    ]);
  });

  it("keeps download addresses out of the lock file", () => {
    expect(readFileSync(new URL("package-lock.json", root), "utf8")).not.toContain('"resolved"');
  });
});
