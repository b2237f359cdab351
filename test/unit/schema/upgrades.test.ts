import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineJobs, job } from "../../../runtime/schema/index.ts";

const input = z.object({ n: z.number() });
const upgrade = (old: { readonly text: string }): { n: number } => ({ n: Number(old.text) });

function problemsOf(upgrades: unknown, version: number): unknown {
  const options = { input, version, upgrade: upgrades } as Parameters<typeof job>[0]; // as plain JavaScript may pass it
  try {
    defineJobs({ report: job(options) });
  } catch (error) {
    return (error as { readonly details: { readonly problems: unknown } }).details.problems; // of schemaError
  }
  return [];
}

describe("upgrades in the schema", () => {
  it("are kept by version, and listed in ascending order", () => {
    const given = { 10: upgrade, 2: upgrade };
    const { report } = defineJobs({ report: job({ input, version: 11, upgrade: given }) }).jobs;
    expect(report).toMatchObject({ version: 11, upgrades: [2, 10], upgrade: given });
  });

  it("may be left out, or be none", () => {
    expect(defineJobs({ report: job({ input, version: 2 }) }).jobs.report).not.toHaveProperty("upgrades");
    expect(defineJobs({ report: job({ input, version: 2, upgrade: {} }) }).jobs.report).not.toHaveProperty("upgrades");
  });

  it.each(["0", "3", "4", "-1", "1.5", "01", "1e0", "one", " 1"])("are refused for version %j of 3", (key) => {
    expect(problemsOf({ [key]: upgrade }, 3)).toMatchObject([
      { job: "report", path: ["upgrade", key], message: expect.stringContaining("no older version (1…2)") },
    ]);
  });

  it("are refused in version 1, which has none before it", () => {
    expect(problemsOf({ 1: upgrade }, 1)).toMatchObject([{ message: expect.stringContaining("this is version 1") }]);
  });

  it.each([
    ["a text", "old", 'is "old", not a function'],
    ["nothing", null, "is null, not a function"],
    ["an async function", async () => Promise.resolve({ n: 1 }), "is an async function"],
  ])("are refused as %s", (_what, value, message) => {
    expect(problemsOf({ 1: value }, 2)).toMatchObject([
      { path: ["upgrade", "1"], message: expect.stringContaining(message), hint: expect.stringContaining("1: (old)") },
    ]);
  });

  it.each([[[upgrade]], ["1"], [upgrade]])("are refused as %j", (upgrades) => {
    expect(problemsOf(upgrades, 2)).toHaveLength(1);
  });
});
