import { describe, expect, it } from "vitest";
import { diagnosticsOf, imports, refusal } from "./support/problems.ts";

/** Line, job and how the message goes on, of every problem. */
async function problemsOf(source: string): Promise<readonly string[]> {
  const error = await refusal(source);
  return diagnosticsOf(error).map(({ code, line, job, frame, hint }) => {
    expect(frame).toContain(`> ${line} |`);
    expect(hint).toMatch(/\S/);
    return `${line} ${job} ${code}`;
  });
}

describe("codegen tells every problem at once", () => {
  it("of schemas that cannot be stored, whichever check finds them", async () => {
    const source = `${imports}export default defineJobs({
  a: job({ input: z.function() }),
  b: job({ input: z.object({ v: z.union([z.date(), z.string()]) }) }),
  c: job({ input: z.string(), output: z.promise(z.string()) }),
  d: job({ input: z.object({ v: z.symbol() }) }),
  e: job({ input: z.object({ id: z.string() }), unique: { by: ["nothing"] } }),
});\n`;
    expect(await problemsOf(source)).toEqual([
      "4 a JW_SCHEMA_UNREPRESENTABLE",
      "5 b JW_SCHEMA_UNREPRESENTABLE",
      "6 c JW_SCHEMA_UNREPRESENTABLE",
      "7 d JW_SCHEMA_UNREPRESENTABLE",
      "8 e JW_SCHEMA_INVALID",
    ]);
  });

  it("of options that are not allowed, in all jobs", async () => {
    const source = `${imports}export default defineJobs({
  a: job({ input: z.string(), timeout: "5 parsecs" }),
  b: job({ input: z.string(), priority: 1e9 }),
  c: job({ input: z.string(), retry: { maxAttempts: 0 } }),
  delete: job({ input: z.string() }),
  e: job({ input: z.string(), schedules: { nightly: { cron: "never", input: "x" } } }),
});\n`;
    const problems = await problemsOf(source);
    expect([...new Set(problems)]).toEqual([
      "4 a JW_SCHEMA_INVALID",
      "5 b JW_SCHEMA_INVALID",
      "6 c JW_SCHEMA_INVALID",
      "7 delete JW_SCHEMA_INVALID",
      "8 e JW_SCHEMA_INVALID",
    ]);
  });
});
