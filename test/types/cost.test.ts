import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { imports } from "../generator/support/problems.ts";
import { createProject, repository } from "../generator/support/project.ts";

const tsc = join(repository, "node_modules/typescript/bin/tsc");

/** Type instantiations of an application that enqueues and handles every job; the same at each run. */
async function instantiations(jobs: number): Promise<number> {
  const each = (line: (i: number) => string): string => Array.from({ length: jobs }, (_, i) => line(i)).join("");
  const job = (i: number): string =>
    `  job${i}: job({ input: z.object({ to: z.email(), at: z.date(), copies: z.int().default(1) }), output: z.object({ ok: z.boolean() }), queue: "q${i % 7}" }),\n`;
  using project = createProject({ "jobs.schema.ts": `${imports}export default defineJobs({\n${each(job)}});\n` });
  await generate({ cwd: project.folder });
  project.write(
    "app.ts",
    `import type { JobHandlers, Jobs } from "./generated/index.ts";\n` +
      `export async function enqueueAll(jobs: Jobs): Promise<void> {\n` +
      each((i) => `  await jobs.job${i}.enqueue({ to: "a@example.com", at: new Date() });\n`) +
      `}\nexport const handlers: JobHandlers = {\n` +
      each((i) => `  job${i}: async ({ copies }) => ({ ok: copies > 0 }),\n`) +
      `};\n`,
  );
  project.write("jobs.schema.ts", "export {};\n");
  expect(project.compile()).toBe("");
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.check.json", "--extendedDiagnostics"], {
    cwd: project.folder,
    encoding: "utf8",
  });
  return Number(/^Instantiations:\s+(\d+)/m.exec(stdout)?.[1]);
}

describe("the types of a large client", () => {
  it("cost the compiler a handful of instantiations per job", async () => {
    const [few, many] = [await instantiations(1), await instantiations(201)];
    expect(many - few).toBeLessThanOrEqual(1_000);
  }, 240_000);
});
