import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root } from "./pack.ts";

let folder: string;

/** The built package in a project that has these packages and no others. */
function install(...names: readonly string[]): void {
  mkdirSync(join(folder, "node_modules/jobwright"), { recursive: true });
  cpSync(join(root, "dist"), join(folder, "node_modules/jobwright/dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(folder, "node_modules/jobwright/package.json"));
  for (const name of names) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
}

/** What happens when the store at `url` is opened: `"started"`, or the code of the error. */
function open(url: string): string {
  const script = `
    import { createProvider } from "jobwright/provider";
    try {
      const provider = await createProvider(${JSON.stringify(url)});
      await provider.start();
      await provider.stop();
      console.log("started");
    } catch (error) {
      console.log(error.code, error.message, error.hint);
    }`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: folder,
    encoding: "utf8",
  }).trim();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jobwright-drivers-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("jobwright/provider", () => {
  it("needs no other driver than that of the store it opens", () => {
    install("drizzle-orm", "better-sqlite3", "bindings", "file-uri-to-path");
    expect(open("sqlite::memory:")).toBe("started");
  });

  it.each([
    ["sqlite:jobs.db", "better-sqlite3"],
    ["postgres://app:secret@localhost/app", "pg"],
    ["redis://app:secret@localhost", "ioredis"],
  ])("says for %s that the driver %s is missing", (url, driver) => {
    install("drizzle-orm");
    const said = open(url);
    expect(said).toMatch(/^JW_DRIVER_MISSING /);
    expect(said).toContain(`npm install ${driver}`);
    expect(said).not.toContain("secret");
  });
});
