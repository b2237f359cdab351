import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProgram } from "../../generator/cli/program.ts";
import type { Terminal } from "../../generator/cli/terminal.ts";
import { createClient } from "../../runtime/codegen/v1.ts";
import { createEncryptionKey, type EncryptionOptions } from "../../runtime/core/encryption.ts";
import { printSpec } from "../../runtime/core/schedule.ts";
import { sqlite, type SqliteProvider } from "../../runtime/providers/sqlite/index.ts";
import { type Client, clientOf, describeJobs, type Numbered, workerOf } from "../worker/fixture.ts";

const timing = { cron: "0 3 * * *", timeZone: "UTC", catchUp: "latest", overlap: "allow" } as const;

describe("jobwright cron", () => {
  let folder: string;
  let provider: SqliteProvider;

  /** A configuration whose schema has the jobs of this expression, or that knows of no schema. */
  function configure(jobs: string | undefined, encryption?: EncryptionOptions): void {
    const url = (path: string): string => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);
    const config = [
      `import { sqlite } from ${url("runtime/providers/sqlite/index.ts")};`,
      `import { describeJobs } from ${url("test/worker/fixture.ts")};`,
      `export default { provider: () => sqlite(${JSON.stringify(join(folder, "jobs.db"))}),`,
      jobs === undefined ? "" : `descriptor: describeJobs(${jobs}),`,
      encryption === undefined ? "" : `encryption: ${JSON.stringify(encryption)},`,
      "};",
    ];
    writeFileSync(join(folder, "jobwright.config.mts"), config.join("\n"));
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "jobwright-cli-"));
    configure("{ work: {} }");
    provider = sqlite(join(folder, "jobs.db"));
    const client = await clientOf(provider, describeJobs({ work: {} }));
    await client.work.schedule("a", { ...timing, input: { n: 1 } });
    const spec = printSpec({ origin: "schema", ...timing });
    await provider.putSchedules([{ key: "work.old", name: "work", spec, nextAt: 0 }]);
  });
  afterEach(async () => {
    process.exitCode = 0;
    await provider.stop();
    rmSync(folder, { recursive: true });
  });

  /** Everything that a command prints. */
  async function run(...words: string[]): Promise<string> {
    const printed: string[] = [];
    const print = (text: string): void => void printed.push(text);
    const json = (value: object): void => print(JSON.stringify(value));
    const terminal: Terminal = { data: print, say: print, done: print, json, fail: () => 2 };
    const config = join(folder, "jobwright.config.mts");
    await createProgram(terminal).parseAsync(["node", "jobwright", "cron", ...words, "--config", config]);
    return printed.join("\n");
  }
  const runJson = async (...words: string[]): Promise<unknown> => JSON.parse(await run(...words, "--json"));

  it("list marks what the schema no longer has, and what is paused", async () => {
    await run("pause", "work/a");
    const table = await run("list");
    expect(table).toMatch(/^work\.old .* not in the schema$/m);
    expect(table).toMatch(/^work\/a +0 3 \* \* \* +UTC +\S+T03:00:00\.000Z +paused$/m);
    expect(await runJson("list")).toMatchObject({
      ok: true,
      schedules: [
        { key: "work.old", declared: false },
        { key: "work/a", declared: true },
      ],
    });
  });

  it("list says nothing of a schema that it cannot find", async () => {
    configure(undefined);
    expect(await run("list")).toMatch(/^(?!.*not in the schema).*no generated descriptor/s);
    expect(JSON.stringify(await runJson("list"))).not.toContain("declared");
  });

  it("next shows slots to come", async () => {
    const printed = await run("next", "work/a", "--count", "3");
    expect(printed.match(/^work\/a +\d{4}-\d\d-\d\dT03:00:00\.000Z$/gm)).toHaveLength(3);
    expect(await runJson("next", "--count", "1")).toMatchObject({
      schedules: [{ key: "work.old" }, { key: "work/a" }],
    });
    await expect(run("next", "--count", "0")).rejects.toMatchObject({ code: "JW_USAGE" });
  });

  it("run enqueues a job now", async () => {
    expect(await run("run", "work/a")).toMatch(/^[0-9a-f-]{36} {2}enqueued$/);
    expect(await provider.counts()).toEqual({ work: { ready: 1 } });
    await expect(run("run", "work.old")).rejects.toMatchObject({ code: "JW_NOT_FOUND" });
  });

  describe("run, of a job that is encrypted,", () => {
    const encryption = { keys: { only: createEncryptionKey() }, current: "only" };
    const secret = 4_711_081_5;
    const nightly = { ...timing, overlap: "allow" } as const;
    const unique = { by: ["n"], scope: "live", onConflict: "ignore" } as const;
    const inClear = { unique, schedules: { nightly }, scheduleInputs: { nightly: { n: secret } } };
    const definition = { ...inClear, encrypted: true } as const;
    const keys = ["work.nightly", "work/before", "work/since"];

    beforeEach(async () => {
      for (const [id, job] of Object.entries({ before: inClear, since: definition })) {
        const client = await createClient<Client>(describeJobs({ work: job }), { provider, encryption });
        await client.work.schedule(id, { ...timing, input: { n: secret } });
      }
    });

    it.each(keys)("stores %s encrypted, with keys that tell nothing", async (key) => {
      configure(JSON.stringify({ work: definition }), encryption);
      expect(await run("run", key)).toMatch(/enqueued$/);
      const { jobs } = await provider.list({});
      expect(jobs).toMatchObject([{ payload: expect.stringMatching(/^enc1:only:/) }]);
      const seen: Numbered[] = [];
      const handlers = { work: (input: Numbered): void => void seen.push(input) };
      const worker = await workerOf(provider, describeJobs({ work: definition }), handlers, { encryption });
      const client = await createClient<Client>(describeJobs({ work: definition }), { provider, encryption });
      expect(await client.work.enqueue({ n: secret })).toMatchObject({ id: jobs[0]?.id, outcome: "deduplicated" });
      await worker.start();
      await worker.idle();
      await worker.stop();
      expect(seen).toEqual([{ n: secret }]);
    });

    it.each(["work.nightly", "work/before"])("refuses %s without a key, and stores nothing", async (key) => {
      configure(JSON.stringify({ work: definition }));
      await expect(run("run", key)).rejects.toMatchObject({
        code: "JW_ENCRYPTION_KEY",
        hint: expect.stringContaining("jobwright.config.ts"),
      });
      expect(await provider.counts()).toEqual({});
    });

    it("needs no key for a schedule that keeps its input encrypted", async () => {
      configure(JSON.stringify({ work: definition }));
      expect(await run("run", "work/since")).toMatch(/enqueued$/);
      expect((await provider.list({})).jobs).toMatchObject([{ payload: expect.stringMatching(/^enc1:only:/) }]);
    });

    it("refuses a schedule in clear where texts in clear are refused", async () => {
      configure(JSON.stringify({ work: definition }), { ...encryption, plain: "refuse" });
      await expect(run("run", "work/before")).rejects.toMatchObject({ code: "JW_INVALID_PAYLOAD" });
      expect(await provider.counts()).toEqual({});
    });
  });

  it("pause, resume and remove act on every key, and say which is not there", async () => {
    expect(await run("pause", "work/a", "work.old")).toBe("work/a  paused\nwork.old  paused");
    expect(await run("resume", "work/a")).toBe("work/a  resumed");
    expect(await run("remove", "work/a")).toBe("work/a  removed");
    await expect(run("remove", "work/a")).rejects.toMatchObject({ code: "JW_NOT_FOUND" });
    expect(await runJson("pause", "none")).toEqual({ ok: false, results: [{ key: "none", outcome: "notFound" }] });
  });
});
