import { fork } from "node:child_process";
import { once, EventEmitter } from "node:events";
import { rmSync, watch as watchFolder } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type GenerateReport, watch } from "../../generator/index.ts";
import { imports } from "./support/problems.ts";
import { createProject, linkPackage } from "./support/project.ts";

/** With those before it: a job that is gone would be refused. */
const schema = (name: string): string => {
  const names = ["first", "second", "third"];
  const jobs = names.slice(0, names.indexOf(name) + 1).map((one) => `${one}: job({ input: z.string() })`);
  return `${imports}export default defineJobs({ ${jobs.join(", ")} });\n`;
};

/** Waits for what the watcher says, in the order in which it says it. */
function listen(cwd: string, debounceMs = 20, timeoutMs = 20_000) {
  const events = new EventEmitter();
  const watcher = watch({
    cwd,
    debounceMs,
    timeoutMs,
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
    close: () => watcher.close(),
    [Symbol.asyncDispose]: () => watcher.close(),
  };
}

/** Until everybody in this process who watches the folder was told of a change, and could react to it. */
async function seen(folder: string, change: () => void): Promise<void> {
  const own = watchFolder(folder);
  const told = once(own, "change");
  change();
  await told;
  own.close();
  await setImmediate();
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

  it.each([
    ["hangs", "spin()", "JW_SCHEMA_TIMEOUT"],
    ["throws", "fail()", "JW_SCHEMA_LOAD"],
  ])("keeps the last good output while an entry %s, and goes on when it is repaired", async (_, call, code) => {
    const entries = (...lines: readonly string[]): string =>
      `${imports}function spin() { for (;;); }\nfunction fail() { throw new Error("no such thing"); }\n` +
      `export default defineJobs({\n${lines.map((line) => `  ${line}\n`).join("")}});\n`;
    const first = "first: job({ input: z.string() }),";
    using project = createProject({ "jobs.schema.ts": entries(first) });
    await using watcher = listen(project.folder, 20, 4_000);
    await watcher.generated();
    let next = watcher.generated();
    project.write("jobs.schema.ts", entries(first, "second: job({ input: z.string() }),"));
    await next;
    const failed = watcher.failed();
    project.write("jobs.schema.ts", entries(first, `second: job({ input: z.string(), description: ${call} }),`));
    expect(await failed).toMatchObject({ code });
    expect(project.read("generated/types.d.ts")).toContain("SecondInput");
    next = watcher.generated();
    project.write("jobs.schema.ts", entries(first, 'second: job({ input: z.string(), description: "Better." }),'));
    await next;
    expect(project.read("generated/types.d.ts")).toContain("Better.");
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

  it("follows an import that is added, and not one that is removed", async () => {
    const part = (field: string): string =>
      `import { z } from "zod";\nexport const Part = z.object({ ${field}: z.string().optional() });\n`;
    const importing = (file: string): string =>
      `${imports}import { Part } from "./${file}";\nexport default defineJobs({ a: job({ input: Part }) });\n`;
    using project = createProject({
      "jobs.schema.ts": importing("old.ts"),
      "old.ts": part("v"),
      "deep/new.ts": `export * from "./inner.ts";\n`,
      "deep/inner.ts": part("v"),
    });
    await using watcher = listen(project.folder);
    await watcher.generated();
    let next = watcher.generated();
    project.write("jobs.schema.ts", importing("deep/new.ts"));
    await next;
    next = watcher.generated();
    project.write("deep/inner.ts", part("w").replace("{ w", "{ v: z.string().optional(), w"));
    await next;
    expect(project.read("generated/types.d.ts")).toContain("w?: string | undefined;");
    let runs = 0;
    watcher.runs().on("generated", () => runs++);
    await seen(project.folder, () => project.write("old.ts", part("x")));
    next = watcher.generated();
    project.write("deep/inner.ts", part("y").replace("{ y", "{ v: z.string().optional(), w: z.string().optional(), y"));
    await next;
    await watcher.close();
    expect(runs).toBe(1);
  });

  it("follows a package of the workspace", async () => {
    const part = (jobs: string): string => `${imports}export default defineJobs({ ${jobs} });\n`;
    using project = createProject({
      "jobs.schema.ts": `${imports}import billing from "@acme/billing";\nexport default defineJobs({ billing });\n`,
      "packages/billing/package.json": '{ "name": "@acme/billing", "type": "module", "exports": "./jobs.ts" }',
      "packages/billing/jobs.ts": part("charge: job({ input: z.string() })"),
    });
    linkPackage(project, "@acme/billing", "packages/billing");
    await using watcher = listen(project.folder);
    await watcher.generated();
    const next = watcher.generated();
    project.write(
      "packages/billing/jobs.ts",
      part("charge: job({ input: z.string() }), refund: job({ input: z.string() })"),
    );
    await next;
    expect(project.read("generated/types.d.ts")).toContain("readonly refund: BillingRefundClient");
  });

  it("has one run at a time under a storm of writes, and ends with the last of them", async () => {
    const storm = (number: number): string => `import { appendFileSync, closeSync, openSync, rmSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
${imports}
try {
  closeSync(openSync("running", "wx"));
} catch {
  appendFileSync("overlaps", "x");
}
await setTimeout(50);
rmSync("running");
export default defineJobs({ a: job({ input: z.string(), description: "Number ${number}." }) });
`;
    using project = createProject({ "jobs.schema.ts": storm(0), overlaps: "" });
    await using watcher = listen(project.folder, 0);
    let runs = 0;
    watcher.runs().on("generated", () => runs++);
    await watcher.generated();
    for (let number = 1; number <= 60; number++) {
      // Each is told to the watcher by itself.
      await seen(project.folder, () => project.write("jobs.schema.ts", storm(number)));
    }
    while (!project.read("generated/types.d.ts").includes("Number 60.")) await watcher.generated();
    await watcher.close();
    expect(project.read("overlaps")).toBe("");
    expect(runs).toBeLessThan(60);
  });

  it("shows a reader whole files and no import of a missing name, whenever it looks", async () => {
    const dates = ["a: job({ input: z.date() })", "b: job({ input: z.object({ at: z.date(), n: z.bigint() }) })"];
    const text = (count: number): string => {
      const jobs = Array.from({ length: 40 }, (_, i) => `many${i}: job({ input: z.object({ v: z.string() }) })`);
      return `${imports}export default defineJobs({ ${[...dates.slice(0, count), ...jobs].join(", ")} });\n`;
    };
    using project = createProject({ "jobs.schema.ts": text(1) });
    await using watcher = listen(project.folder);
    await watcher.generated();
    const reader = fork(new URL("support/folder-reader.ts", import.meta.url), [`${project.folder}/generated`], {
      execArgv: ["--import", "tsx"],
    });
    await once(reader, "message");
    for (const count of [2, 1, 2, 1, 0, 2]) {
      // A job that is gone would be refused.
      rmSync(`${project.folder}/jobs.lock.json`);
      const next = watcher.generated();
      project.write("jobs.schema.ts", text(count));
      await next;
    }
    const answer = once(reader, "message");
    reader.send("end");
    const [{ looks, faults }]: [{ looks: number; faults: readonly string[] }] = (await answer) as never; // as it sends it
    expect(faults).toEqual([]);
    expect(looks).toBeGreaterThan(6);
  });
});
