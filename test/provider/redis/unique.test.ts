import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { EnqueueOutcome, NewJob, UniqueKey } from "../../../runtime/contract/index.ts";
import { keysOf, noServer, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { claimOf, claimOne, createScene, jobOf, untilDone } from "./scene.ts";

const suite = `unique keys in Redis${noServer ? ` (left out: ${noServer})` : ""}`;
const retentionMs = { succeeded: 0, dead: 0, cancelled: 0, skipped: 0 };

function uniqueJob(key: string, policy: Partial<UniqueKey> = {}, given: Partial<NewJob> = {}): NewJob {
  return jobOf({ unique: { key, scope: "live", onConflict: "ignore", ...policy }, ...given });
}

/** Says that it is there, and enqueues when it is told to: one call per job, all with one key. Its outcomes follow. */
const racing = `
  import { once } from "node:events";
  const [modules, url, many] = process.argv.slice(1);
  const { redis } = await import(modules + "providers/redis/index.ts");
  const { createUuidV7 } = await import(modules + "core/uuid.ts");
  const provider = redis({ url, onWarning: () => {} });
  await provider.start();
  const newId = createUuidV7();
  const unique = { key: "k", scope: "live", onConflict: "ignore" };
  const job = { name: "mail", queue: "mail", version: 1, priority: 0, maxCrashes: 3, payload: "{}", unique };
  process.stdout.write("ready");
  await once(process.stdin, "data");
  const calls = Array.from({ length: Number(many) }, () => provider.enqueue([{ ...job, id: newId() }]));
  const results = await Promise.all(calls);
  process.stdout.write(JSON.stringify(results.map(([result]) => [result.outcome, result.id])));
  await provider.stop();
  process.exit();`;

describe.skipIf(noServer)(suite, () => {
  const scene = createScene();
  let server: RedisServer;
  const direct = () => ({ url: server.url });

  beforeAll(async () => {
    server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
  });
  afterEach(async () => {
    await scene.end();
    await server.admin.flushall();
  });
  afterAll(() => server?.stop());

  async function commandsOf(action: () => Promise<unknown>, name = "\\w+"): Promise<number> {
    await server.admin.config("RESETSTAT");
    await action();
    const stats = await server.admin.info("commandstats");
    const calls = [...stats.matchAll(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, "gm"))];
    return calls.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  it("four processes that enqueue 250 times each with one key make one job", async () => {
    const provider = await scene.started(direct());
    const modules = new URL("../../../runtime/", import.meta.url).href;
    const children = Array.from({ length: 4 }, () => {
      const args = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", racing];
      const child = spawn(process.execPath, [...args, modules, server.url, "250"], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      const said: string[] = [];
      child.stdout.setEncoding("utf8").on("data", (text: string) => said.push(text));
      return { child, said, there: once(child.stdout, "data"), exited: once(child, "close") };
    });
    await Promise.all(children.map(({ there }) => there));
    for (const { child } of children) child.stdin.write("go");
    await Promise.all(children.map(({ exited }) => exited));
    const results = children.flatMap(
      ({ said }) => JSON.parse(said.join("").slice("ready".length)) as [EnqueueOutcome, string][],
    );
    expect(results).toHaveLength(1_000);
    expect(results.filter(([outcome]) => outcome === "enqueued")).toHaveLength(1);
    expect(new Set(results.map(([, id]) => id)).size).toBe(1);
    expect(await provider.counts()).toEqual({ mail: { ready: 1 } });
  });

  it("a killed server keeps one live job per key, whatever was under way", async () => {
    const provider = await scene.started(direct());
    let calls = 0;
    let killed: Promise<void> | undefined;
    const producers = Array.from({ length: 8 }, async (_, producer) => {
      for (let n = 0; n < 100; n++) {
        const policy = producer % 2 === 0 ? "replace" : "ignore";
        const job = uniqueJob(`k${n % 10}`, { onConflict: policy }, { payload: "x".repeat(n % 3 === 0 ? 2_000 : 5) });
        await untilDone(() => provider.enqueue([job, jobOf({ name: "other" })]));
        if (++calls === 400) killed = server.kill().then(() => server.restart());
      }
    });
    await Promise.all(producers);
    await killed;
    expect(killed).toBeDefined();
    const { jobs } = await untilDone(() => provider.list({ limit: 1_000, names: ["mail"] }));
    expect(jobs).toHaveLength(10);
    expect(await server.admin.hlen("{jobwright}:keys")).toBe(10);
    expect(await server.admin.hlen("{jobwright}:uniques")).toBe(10);
    const ids = new Set(jobs.map(({ id }) => id));
    const again = await provider.enqueue(Array.from({ length: 10 }, (_, n) => uniqueJob(`k${n}`)));
    expect(new Set(again.map(({ id }) => id))).toEqual(ids);
  });

  it("jobs with and without keys, of many calls, travel together; a call that cannot is refused alone", async () => {
    const provider = await scene.started(direct());
    await provider.enqueue([uniqueJob("warm")]);
    const lone = uniqueJob("\ud800");
    let settled: readonly PromiseSettledResult<unknown>[] = [];
    const scripts = await commandsOf(async () => {
      const jobs = Array.from({ length: 400 }, (_, n) => (n % 2 === 0 ? jobOf() : uniqueJob(`k${n % 20}`)));
      settled = await Promise.allSettled([...jobs, lone].map((job) => provider.enqueue([job])));
    }, "eval(?:sha)?");
    expect(scripts).toBeLessThanOrEqual(5);
    expect(settled.filter(({ status }) => status === "rejected")).toEqual([settled.at(-1)]);
    expect(await provider.counts()).toEqual({ mail: { ready: 200 + 10 + 1 } });
  });

  it("a call without keys runs as many commands as in a store that has none", async () => {
    const provider = await scene.started(direct());
    await provider.enqueue([jobOf(), jobOf()]);
    await provider.ack([await claimOne(provider)]); // the server knows the scripts
    const enqueue = () => commandsOf(() => provider.enqueue(Array.from({ length: 10 }, () => jobOf())));
    const claim = () => commandsOf(async () => provider.ack(await provider.claim(claimOf({ limit: 5 }))));
    const before = [await enqueue(), await claim()];
    // As many as share an entry of the index, so that the next ones stand in theirs where the first ones stood.
    await provider.enqueue(Array.from({ length: 64 }, (_, n) => uniqueJob(`k${n}`, {}, { queue: "other" })));
    expect([await enqueue(), await claim()]).toEqual(before);
  });

  it("a holder that is replaced leaves nothing of what it was: payload, version, place", async () => {
    const provider = await scene.started(direct());
    const replace = (given: Partial<NewJob>) => provider.enqueue([uniqueJob("k", { onConflict: "replace" }, given)]);
    await replace({ payload: "a".repeat(2_000), version: 1 });
    const [replaced] = await replace({ payload: "short", version: 2, delayMs: 60_000 });
    expect(replaced).toMatchObject({ outcome: "replaced", state: "scheduled" });
    expect(await keysOf(server.admin, "jobwright")).not.toContain("{jobwright}:payloads");
    expect(await server.admin.hkeys("{jobwright}:lanes:mail")).toEqual(["2:mail"]);
    await replace({ payload: "b".repeat(2_000), version: 1, priority: 3 });
    expect(await server.admin.hkeys("{jobwright}:lanes:mail")).toEqual(["1:mail"]);
    expect(await keysOf(server.admin, "jobwright")).not.toContain("{jobwright}:scheduled");
    const job = await claimOne(provider);
    expect(job).toMatchObject({ id: replaced?.id, payload: "b".repeat(2_000), version: 1, priority: 3 });
    await provider.ack([job]);
    expect(await provider.prune({ retentionMs, limit: 10 })).toBe(1);
    expect(await keysOf(server.admin, "jobwright")).toEqual(["{jobwright}:meta"]);
  });

  it("one call may replace one holder again and again, also one that it has just written", async () => {
    const provider = await scene.started(direct());
    const jobs = Array.from({ length: 60 }, (_, n) =>
      uniqueJob(
        `k${n % 3}`,
        { onConflict: n % 2 === 0 ? "replace" : "extend" },
        {
          payload: `${n}`.repeat(n % 5 === 0 ? 1_000 : 1),
          version: 1 + (n % 2),
          ...(n < 57 && n % 4 < 2 && { delayMs: 60_000 }),
        },
      ),
    );
    await provider.enqueue(jobs);
    await provider.enqueue(jobs.map((job) => ({ ...job, id: jobOf().id })));
    const { jobs: kept } = await provider.list({});
    expect(kept.map(({ state }) => state)).toEqual(["ready", "ready", "ready"]);
    expect(await provider.counts()).toEqual({ mail: { ready: 3 } });
    const lanes = [{ queue: "mail", limit: 9, handles: [{ name: "mail", maxVersion: 2 }] }];
    await provider.ack(await provider.claim(claimOf({ lanes })));
    expect(await provider.prune({ retentionMs, limit: 10 })).toBe(3);
    expect(await keysOf(server.admin, "jobwright")).toEqual(["{jobwright}:meta"]);
  });

  it("jobs that stay because they hold a key for a time are looked at once, listed, and deleted when it is over", async () => {
    let now = 1_000_000;
    const provider = await scene.started({ ...direct(), clock: { now: () => now } });
    const window = { scope: "any", forMs: 60_000 } as const;
    const jobs = Array.from({ length: 500 }, (_, n) => uniqueJob(`k${n}`, window));
    await provider.enqueue(jobs);
    await provider.ack(await provider.claim(claimOf({ limit: 500 })));
    await provider.enqueue([jobOf()]);
    await provider.ack([await claimOne(provider)]);
    now += 1_000;
    expect(await provider.prune({ retentionMs, limit: 1_000 })).toBe(1);
    const commands = await commandsOf(() => provider.prune({ retentionMs, limit: 1_000 }));
    expect(commands).toBeLessThan(20);
    expect((await provider.list({ limit: 1_000, states: ["succeeded"] })).jobs).toHaveLength(500);
    await provider.requeue([jobs[0]?.id ?? ""]);
    expect(await server.admin.zcard("{jobwright}:reserved")).toBe(499);
    now += 60_000;
    expect(await provider.prune({ retentionMs, limit: 1_000 })).toBe(499);
    await provider.ack([await claimOne(provider)]);
    expect(await provider.prune({ retentionMs, limit: 1_000 })).toBe(1);
    expect(await keysOf(server.admin, "jobwright")).toEqual(["{jobwright}:meta"]);
  });

  it("a store that is full refuses keys, and still changes, requeues and prunes their jobs", async () => {
    const provider = await scene.started(direct());
    const jobs = Array.from({ length: 3 }, (_, n) => uniqueJob(`k${n}`));
    const ids = jobs.map(({ id }) => id);
    await provider.enqueue(jobs);
    await provider.cancel(ids.slice(1));
    await server.admin.config("SET", "maxmemory", "1");
    try {
      const full = { code: "JW_STORE_FULL", retryable: true };
      await expect(provider.enqueue([uniqueJob("new")])).rejects.toMatchObject(full);
      expect(await provider.change([{ id: ids[0] ?? "", delayMs: 5_000, priority: 1 }])).toEqual(["changed"]);
      expect(await provider.requeue(ids.slice(1, 2))).toEqual(["requeued"]);
      expect(await provider.prune({ retentionMs, limit: 10 })).toBe(1);
    } finally {
      await server.admin.config("SET", "maxmemory", "0");
    }
    expect(await server.admin.hkeys("{jobwright}:keys")).not.toContain("new");
    const results = await provider.enqueue(Array.from({ length: 3 }, (_, n) => uniqueJob(`k${n}`)));
    expect(results.map(({ outcome }) => outcome)).toEqual(["deduplicated", "deduplicated", "enqueued"]);
  });
});
