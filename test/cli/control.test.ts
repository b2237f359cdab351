import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sqlite, type SqliteProvider } from "../../runtime/providers/sqlite/index.ts";
import { type Client, clientOf, describeJobs } from "../worker/fixture.ts";
import { runCommand, runForJson } from "./run.ts";

const missing = "0196f000-0000-7000-8000-000000000001";

describe("verbs of the command line on what waits", () => {
  let folder: string;
  let provider: SqliteProvider;
  let client: Client;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "jobwright-cli-"));
    const file = join(folder, "jobs.db");
    const entry = new URL("../../runtime/providers/sqlite/index.ts", import.meta.url).href;
    const config = `import { sqlite } from ${JSON.stringify(entry)};\nexport default { provider: () => sqlite(${JSON.stringify(file)}) };\n`;
    writeFileSync(join(folder, "jobwright.config.mts"), config);
    provider = sqlite(file);
    client = await clientOf(provider, describeJobs({ work: {}, other: {} }));
  });
  afterEach(async () => {
    process.exitCode = 0;
    await provider.stop();
    rmSync(folder, { recursive: true });
  });

  const run = (...words: string[]): Promise<string> => runCommand(join(folder, "jobwright.config.mts"), words);
  const runJson = (...words: string[]): Promise<unknown> => runForJson(join(folder, "jobwright.config.mts"), words);

  it("pause and resume take a queue or a job, and say what is paused", async () => {
    expect(await run("pause", "--queue", "mail")).toContain("queue mail is paused");
    expect(await runJson("pause", "--job", "work")).toEqual({
      ok: true,
      paused: { queues: ["mail"], names: ["work"] },
    });
    expect(await run("jobs", "list")).toMatch(/paused queues: mail\npaused jobs: work$/);
    expect(await runJson("jobs", "list")).toMatchObject({ paused: { queues: ["mail"], names: ["work"] } });
    expect(await run("resume", "--job", "work")).toContain("job work runs");
    expect(await runJson("resume", "--queue", "mail")).toEqual({ ok: true, paused: { queues: [], names: [] } });
    expect(await run("jobs", "list")).not.toContain("paused");
  });

  it.each([[], ["--queue", "mail", "--job", "work"], ["--queue", ""]])(
    "pause %j is not understood",
    async (...flags) => {
      await expect(run("pause", ...flags)).rejects.toMatchObject({ code: "JW_USAGE" });
      expect(await provider.paused()).toEqual({ queues: [], names: [] });
    },
  );

  it("jobs change moves jobs in time and gives them a priority", async () => {
    const [a, b] = [await client.work.enqueue({ n: 1 }), await client.work.enqueue({ n: 2 })];
    const time = "2030-01-01T01:00:00+01:00";
    const answer = await runJson("jobs", "change", a.id, b.id, "--run-at", time, "--priority", "-5");
    expect(answer).toEqual({ ok: true, results: [a, b].map(({ id }) => ({ id, outcome: "changed" })) });
    expect(await provider.get(b.id)).toMatchObject({ runAt: Date.UTC(2030, 0, 1), priority: -5, state: "scheduled" });
    expect(await run("jobs", "change", a.id, "--delay", "0s")).toBe(`${a.id}  changed`);
    expect(await a.status()).toBe("ready");
  });

  it("jobs change says which job is not there", async () => {
    await expect(run("jobs", "change", missing, "--delay", "1s")).rejects.toMatchObject({ code: "JW_NOT_FOUND" });
    expect(await runJson("jobs", "change", missing, "--delay", "1s")).toMatchObject({ ok: false });
    expect(process.exitCode).toBe(2);
  });

  it.each([
    [],
    ["--delay", "soon"],
    ["--run-at", "2030-01-01"],
    ["--run-at", "2030-01-01T08:00:00"],
    ["--run-at", "tomorrow"],
    ["--priority", "high"],
    ["--priority", ""],
    ["--priority", "40000"],
  ])("jobs change %j is not understood", async (...flags) => {
    const { id } = await client.work.enqueue({ n: 1 });
    await expect(run("jobs", "change", id, ...flags)).rejects.toMatchObject({
      code: expect.stringMatching(/^JW_(USAGE|INVALID_OPTION)$/),
    });
    expect(await provider.get(id)).toMatchObject({ priority: 0, state: "ready" });
  });

  it("jobs retry spreads jobs evenly, by id and with --all", async () => {
    const ids = (await client.work.enqueueMany([{ n: 1 }, { n: 2 }])).map(({ id }) => id);
    await provider.cancel(ids);
    await run("jobs", "retry", ...ids, "--spread", "1h");
    expect((await provider.counts())["work"]).toEqual({ ready: 1, scheduled: 1 });
    await provider.cancel(ids);
    const all = ["jobs", "retry", "--all", "--state", "cancelled", "--spread", "1h"];
    expect(await runJson(...all)).toEqual({ ok: true, matched: 2, outcomes: { requeued: 2 } });
    const [first, last] = await Promise.all(ids.map((id) => provider.get(id)));
    const apart = (last?.runAt ?? 0) - (first?.runAt ?? 0);
    expect(Math.abs(apart - 1_800_000)).toBeLessThan(10_000);
    await expect(run("jobs", "retry", ...ids, "--spread", "long")).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
  });

  it("jobs show prints the metadata beside the bare input", async () => {
    const { id } = await client.work.enqueue({ n: 1 }, { metadata: { tenant: "acme" }, maxAttempts: 2 });
    const text = await run("jobs", "show", id);
    expect(text).toMatch(/metadata\.tenant +acme/);
    expect(text).not.toContain("maxAttempts");
    expect(await runJson("jobs", "show", id)).toMatchObject({ job: { metadata: { tenant: "acme" } } });
  });
});
