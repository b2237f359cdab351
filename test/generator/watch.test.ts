import { once, EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { type GenerateReport, watch } from "../../generator/index.ts";
import { imports } from "./support/problems.ts";
import { createProject } from "./support/project.ts";

/** With those before it: a job that is gone would be refused. */
const schema = (name: string): string => {
  const names = ["first", "second", "third"];
  const jobs = names.slice(0, names.indexOf(name) + 1).map((one) => `${one}: job({ input: z.string() })`);
  return `${imports}export default defineJobs({ ${jobs.join(", ")} });\n`;
};

/** Waits for what the watcher says, in the order in which it says it. */
function listen(cwd: string) {
  const events = new EventEmitter();
  const watcher = watch({
    cwd,
    debounceMs: 20,
    onGenerated: (report) => events.emit("generated", report),
    onError: (error) => events.emit("failed", error),
  });
  return {
    async generated(): Promise<GenerateReport> {
      const [report]: [GenerateReport] = (await once(events, "generated")) as [GenerateReport]; // as emitted above
      return report;
    },
    async failed(): Promise<unknown> {
      const [error]: unknown[] = await once(events, "failed");
      return error;
    },
    runs: () => events,
    [Symbol.asyncDispose]: () => watcher.close(),
  };
}

describe("watch", () => {
  it("generates at once, and again when the schema changes", async () => {
    using project = createProject({ "jobs.schema.ts": schema("first") });
    await using watcher = listen(project.folder);
    expect((await watcher.generated()).jobs).toBe(1);
    const next = watcher.generated();
    project.write("jobs.schema.ts", schema("second"));
    await next;
    expect(project.read("generated/types.d.ts")).toContain("SecondInput");
  });

  it("generates when a file changes that the schema imports", async () => {
    const part = (fields: string): string => `import { z } from "zod";\nexport const Part = z.object({ ${fields} });\n`;
    using project = createProject({
      "jobs.schema.ts": `${imports}import { Part } from "./parts/part.js";\nexport default defineJobs({ a: job({ input: Part }) });\n`,
      "parts/part.ts": part("v: z.string()"),
    });
    await using watcher = listen(project.folder);
    await watcher.generated();
    const next = watcher.generated();
    project.write("parts/part.ts", part("v: z.string(), n: z.number().optional()"));
    await next;
    expect(project.read("generated/types.d.ts")).toContain("n?: number | undefined;");
  });

  it("keeps the last good output while the schema is broken, and goes on when it is repaired", async () => {
    using project = createProject({ "jobs.schema.ts": schema("first") });
    await using watcher = listen(project.folder);
    await watcher.generated();
    const failed = watcher.failed();
    project.write("jobs.schema.ts", "export default defineJobs({");
    expect(await failed).toMatchObject({ code: "JW_SCHEMA_LOAD" });
    expect(project.read("generated/types.d.ts")).toContain("FirstInput");
    const next = watcher.generated();
    project.write("jobs.schema.ts", schema("second"));
    await next;
    expect(project.read("generated/types.d.ts")).toContain("SecondInput");
  });

  it("does not react to what it writes itself", async () => {
    using project = createProject({ "jobs.schema.ts": schema("first") });
    await using watcher = listen(project.folder);
    await watcher.generated();
    let runs = 0;
    watcher.runs().on("generated", () => runs++);
    const next = watcher.generated();
    project.write("jobs.schema.ts", schema("second"));
    await next;
    // Only this write is an input: it must lead to one run, whatever the last run wrote.
    const after = watcher.generated();
    project.write("jobs.schema.ts", schema("third"));
    await after;
    expect(runs).toBe(2);
  });
});
