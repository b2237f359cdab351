import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { init } from "../../generator/cli/init.ts";
import { createTerminal } from "../../generator/cli/terminal.ts";

describe("init", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "jobwright-init-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    ["of CommonJS", '{ "type": "commonjs" }', "ESM only"],
    ["with a manifest that is no JSON", "{ type: }", "not valid JSON"],
  ])("refuses a project %s, and writes nothing", (_what, manifest, message) => {
    writeFileSync(join(folder, "package.json"), manifest);
    expect(() => init(createTerminal(), { json: true }, folder)).toThrow(
      expect.objectContaining({ code: "JW_CONFIG", message: expect.stringContaining(message) }),
    );
    expect(readdirSync(folder)).toEqual(["package.json"]);
    expect(readFileSync(join(folder, "package.json"), "utf8")).toBe(manifest);
  });
});
