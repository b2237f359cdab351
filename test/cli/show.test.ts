import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sqlite, type SqliteProvider } from "../../runtime/providers/sqlite/index.ts";
import {
  type Client,
  clientOf,
  type Definition,
  describeJobs,
  type Handler,
  retries,
  workerOf,
} from "../worker/fixture.ts";
import { runCommand, runForJson } from "./run.ts";

const definitions = {
  work: { keepLogs: 2, retry: retries(2), sensitive: { input: ["n"] } },
  other: {
    gates: [{ policy: "other.order", kind: "order", level: 0, limit: 1, by: ["n"] }],
    sensitive: { input: ["n"] },
  },
} as const satisfies Record<string, Definition>;

describe("jobs list and jobs show", () => {
  let folder: string;
  let config: string;
  let provider: SqliteProvider;
  let client: Client;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "jobwright-cli-"));
    config = join(folder, "jobwright.config.mts");
    const file = join(folder, "jobs.db");
    const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
    writeFileSync(
      config,
      `import { sqlite } from ${url("../../runtime/providers/sqlite/index.ts")};
import { describeJobs } from ${url("../worker/fixture.ts")};
export default {
  provider: () => sqlite(${JSON.stringify(file)}),
  descriptor: describeJobs(${JSON.stringify(definitions)}),
};
`,
    );
    provider = sqlite(file);
    client = await clientOf(provider, describeJobs(definitions));
  });
  afterEach(async () => {
    await provider.stop();
    rmSync(folder, { recursive: true });
  });

  const run = (...words: readonly string[]): Promise<string> => runCommand(config, words);
  const runJson = (...words: readonly string[]): Promise<unknown> => runForJson(config, words);

  async function work(handler: Handler): Promise<void> {
    const worker = await workerOf(provider, describeJobs(definitions), { work: handler, other: () => {} });
    await worker.start();
    await worker.idle();
    await worker.stop();
  }

  it("find jobs by their tags, without counts", async () => {
    await client.work.enqueue({ n: 1 }, { tags: ["eu", "acme"] });
    const { id } = await client.work.enqueue({ n: 2 }, { tags: ["eu"] });
    expect(await runJson("jobs", "list", "--tag", "eu", "acme")).toMatchObject({
      jobs: [{ tags: ["eu", "acme"] }],
    });
    const both = await run("jobs", "list", "--tag", "eu");
    expect(both).toContain(id);
    expect(both).not.toContain("2 ready");
    expect(await runJson("jobs", "list", "--tag", "eu")).not.toHaveProperty("counts");
    expect(await run("jobs", "show", id)).toMatch(/tags +eu\n/);
  });

  it("retry and cancel all jobs with a tag", async () => {
    const job = await client.work.enqueue({ n: 1 }, { tags: ["eu"] });
    await client.work.enqueue({ n: 2 });
    expect(await runJson("jobs", "cancel", "--all", "--tag", "eu")).toMatchObject({ outcomes: { cancelled: 1 } });
    expect(await runJson("jobs", "retry", "--all", "--state", "cancelled", "--tag", "us")).toMatchObject({
      matched: 0,
    });
    expect(await runJson("jobs", "retry", "--all", "--state", "cancelled", "--tag", "eu")).toMatchObject({
      matched: 1,
    });
    expect(await job.status()).toBe("ready");
    await expect(run("jobs", "cancel", job.id, "--tag", "eu")).rejects.toMatchObject({ code: "JW_USAGE" });
  });

  it("say what a job is blocked by, and not with what value if that is sensitive", async () => {
    await client.other.enqueue({ n: 4_711 });
    const { id } = await client.other.enqueue({ n: 4_711 });
    expect(await run("jobs", "show", id)).toMatch(/state +blocked\n.*blocked by +other\.order:\[redacted\]\n/s);
    expect(await runJson("jobs", "show", id)).toMatchObject({ job: { blockedBy: "other.order:[redacted]" } });
    expect((await client.$control.get(id))?.blockedBy).toBe("other.order:[redacted]");
    expect(await run("jobs", "show", id, "--reveal")).toMatch(/blocked by +other\.order:\[4711\]\n/);
  });

  it("show every failed attempt, what was logged, and the names of what was kept", async () => {
    const { id } = await client.work.enqueue({ n: 1 });
    await work(async (_input, ctx) => {
      ctx.log.info(`begins ${ctx.attempt}`);
      await ctx.step("fetch", () => "secret");
      await ctx.iterate(
        "rows",
        () => [1],
        () => {},
        { cursor: () => "secret" },
      );
      throw new RangeError(`attempt ${ctx.attempt}`);
    });
    const text = await run("jobs", "show", id);
    expect(text).toMatch(/attempt +started +ended +worker +error\n.*\n1 +\S+Z +\S+Z +\S+ +RangeError: attempt 1\n2 /s);
    expect(text).toMatch(/logged +attempt +level +message\n.*\n\S+Z +1 +info +begins 1\n\S+Z +2 +info +begins 2\n/s);
    expect(text).toMatch(/steps +fetch\niterations +rows\n/);
    expect(text).not.toContain("secret");
    const json = await runJson("jobs", "show", id);
    expect(json).toMatchObject({
      history: {
        attempts: [
          { attempt: 1, error: { name: "RangeError", message: "attempt 1" } },
          { attempt: 2, error: { message: "attempt 2" } },
        ],
        steps: ["fetch"],
        iterations: ["rows"],
        logs: [
          { attempt: 1, level: "info", message: "begins 1", at: expect.any(Number) },
          { attempt: 2, message: "begins 2" },
        ],
      },
    });
    expect(await client.$control.history(id)).toEqual((json as { readonly history: object }).history);
  });
});
