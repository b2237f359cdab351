import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JobState, Lease, Need, NewJob, Provider } from "../../../runtime/contract/index.ts";
import { packId } from "../../../runtime/providers/redis/ids.ts";
import { keysOf, noServer, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { claimOf, createScene, jobOf, untilDone } from "./scene.ts";

const suite = `edges in Redis${noServer ? ` (left out: ${noServer})` : ""}`;
const retentionMs = { succeeded: 0, dead: 0, cancelled: 0, skipped: 0 };
const pruneAll = { retentionMs, limit: 100_000 };
const error = { name: "E", message: "m" };

function needing(jobs: readonly NewJob[], when: Need["when"] = "succeeded", given: Partial<NewJob> = {}): NewJob {
  return jobOf({ needs: { of: jobs.map(({ id }) => ({ id, when })), mode: "all" }, ...given });
}

function jobsOf(count: number, given: Partial<NewJob> = {}): readonly NewJob[] {
  return Array.from({ length: count }, () => jobOf(given));
}

/** A job, and so many that need each the one before. */
function chainOf(length: number): readonly NewJob[] {
  const chain = [jobOf()];
  for (let last = chain[0]; last && chain.length < length;) chain.push((last = needing([last])));
  return chain;
}

/**
 * Claims and acknowledges until nothing is left, half of it without saying that its leases are gated. Which follow-ups it ran,
 * and of how many the needs were not all met by then, follow.
 */
const working = `
  import { once } from "node:events";
  import { randomUUID } from "node:crypto";
  const [modules, url] = process.argv.slice(1);
  const { redis } = await import(modules + "providers/redis/index.ts");
  const provider = redis({ url, onWarning: () => {} });
  await provider.start();
  process.stdout.write("ready");
  await once(process.stdin, "data");
  const lanes = [{ queue: "mail", limit: 7, handles: [{ name: "mail", maxVersion: 1 }] }];
  const ran = [];
  let early = 0;
  for (let round = 0; ; round++) {
    const leases = await provider.claim({ claimId: randomUUID(), workerId: "w" + process.pid, leaseMs: 60_000, lanes });
    for (const { id } of leases.filter(({ payload }) => payload === '"after"')) {
      ran.push(id);
      const { needs } = await provider.needs({ id, limit: 1000 });
      if (needs.length !== 40 || needs.some(({ status }) => status !== "met")) early++;
    }
    await provider.ack(leases.map(({ gated, ...lease }) => (round % 2 === 0 ? { ...lease, gated } : lease)));
    if (leases.length > 0) continue;
    const { blocked, ready, running } = (await provider.counts()).mail ?? {};
    if (!blocked && !ready && !running) break;
  }
  process.stdout.write(JSON.stringify([ran, early]));
  process.exit();`;

describe.skipIf(noServer)(suite, () => {
  const scene = createScene();
  let server: RedisServer;
  const direct = () => ({ url: server.url });

  beforeAll(async () => {
    server = await startRedis();
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

  async function enqueueAll(provider: Provider, jobs: readonly NewJob[]): Promise<void> {
    for (let at = 0; at < jobs.length; at += 1_000) await provider.enqueue(jobs.slice(at, at + 1_000));
  }

  async function stateOf(provider: Provider, { id }: NewJob): Promise<JobState | undefined> {
    return (await provider.get(id))?.state;
  }

  async function leaseOf(provider: Provider, { id }: NewJob): Promise<Lease> {
    const lease = (await provider.claim(claimOf())).find((one) => one.id === id);
    if (!lease) throw new Error("the job was not offered");
    return lease;
  }

  it("four processes that end the last ones of many batches at once run each follow-up once, after them all", async () => {
    const provider = await scene.started(direct());
    const batches = Array.from({ length: 25 }, () => jobsOf(40));
    await enqueueAll(provider, batches.flat());
    const follows = batches.map((members) => needing(members, "succeeded", { payload: '"after"' }));
    await provider.enqueue(follows);
    const modules = new URL("../../../runtime/", import.meta.url).href;
    const children = Array.from({ length: 4 }, () => {
      const args = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", working];
      const child = spawn(process.execPath, [...args, modules, server.url], { stdio: ["pipe", "pipe", "inherit"] });
      const said: string[] = [];
      child.stdout.setEncoding("utf8").on("data", (text: string) => said.push(text));
      return { child, said, there: once(child.stdout, "data"), exited: once(child, "close") };
    });
    await Promise.all(children.map(({ there }) => there));
    for (const { child } of children) child.stdin.write("go");
    await Promise.all(children.map(({ exited }) => exited));
    const seen = children.map(({ said }) => JSON.parse(said.join("").slice("ready".length)) as [string[], number]);
    expect(seen.flatMap(([ran]) => ran).toSorted()).toEqual(follows.map(({ id }) => id).toSorted());
    expect(seen.map(([, early]) => early)).toEqual([0, 0, 0, 0]);
    expect(await provider.counts()).toEqual({ mail: { succeeded: 25 * 41 } });
  }, 60_000);

  it("connections that are killed while they settle lose no edge, and let nothing go twice", async () => {
    const provider = await scene.started(direct());
    const members = jobsOf(300);
    const after = needing(members);
    await provider.enqueue([...members, after]);
    const leases = await provider.claim(claimOf({ limit: 1_000 }));
    for (let at = 0; at < leases.length; at += 30) {
      const call = untilDone(() => provider.ack(leases.slice(at, at + 30)));
      await server.admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      expect((await call).every((one) => one === "ok" || one === "alreadyDone")).toBe(true);
      expect(await untilDone(() => stateOf(provider, after))).toBe(at + 30 < leases.length ? "blocked" : "ready");
    }
    await provider.ack(leases);
    expect(await provider.counts()).toEqual({ mail: { succeeded: 300, ready: 1 } });
  }, 60_000);

  it("calls without edges run as many commands as in a store that has none", async () => {
    const provider = await scene.started(direct());
    const round = async (): Promise<readonly number[]> => {
      const enqueue = await commandsOf(() => provider.enqueue(jobsOf(20)));
      let leases = await provider.claim(claimOf({ limit: 5 }));
      const ack = await commandsOf(() => provider.ack(leases));
      const claim = await commandsOf(async () => (leases = await provider.claim(claimOf({ limit: 5 }))));
      const nack = await commandsOf(() =>
        provider.nack(leases.map((lease) => ({ ...lease, outcome: "dead", reason: "discarded", error }))),
      );
      return [enqueue, ack, claim, nack];
    };
    await round();
    // As many as share an entry of the index, so that the next ones stand in theirs where the first ones stood.
    await provider.enqueue(jobsOf(44, { queue: "other" }));
    const before = await round();
    const chains = Array.from({ length: 5_000 }, () => {
      const first = jobOf({ queue: "other" });
      const second = needing([first]);
      return [first, second, needing([second])];
    });
    await enqueueAll(provider, [...chains.flat(), ...jobsOf(64 - ((15_000 - 20) % 64), { queue: "other" })]);
    expect(await round()).toEqual(before);
  }, 60_000);

  it("an acknowledgement of one of many members runs as many commands as one of few", async () => {
    const provider = await scene.started(direct());
    const round = async (size: number): Promise<number> => {
      const members = jobsOf(size);
      await enqueueAll(provider, members);
      await provider.enqueue([needing(members)]);
      const leases = await provider.claim(claimOf({ limit: 100 }));
      const commands = await commandsOf(() => provider.ack(leases.slice(0, 50)));
      await provider.cancel(members.map(({ id }) => id));
      await provider.nack(leases.map((lease) => ({ ...lease, outcome: "skip" })));
      return commands;
    };
    await round(200);
    expect(await round(5_000)).toBe(await round(200));
  }, 60_000);

  it("more jobs than one call decides are let go by the next promotion", async () => {
    const provider = await scene.started(direct());
    const parent = jobOf();
    const children = Array.from({ length: 2_500 }, () => needing([parent], "finished"));
    await provider.enqueue([parent]);
    await enqueueAll(provider, children);
    await provider.ack([await leaseOf(provider, parent)]);
    const left = (await provider.counts())["mail"]?.blocked ?? 0;
    expect(left).toBeGreaterThan(1_000);
    await provider.promote(10);
    expect(await provider.counts()).toEqual({ mail: { succeeded: 1, ready: 2_500 } });
    expect(await server.admin.exists("{jobwright}:deciding")).toBe(0);
  }, 60_000);

  it("an end counts for all that need the job, also if it is requeued before all are told", async () => {
    const provider = await scene.started(direct());
    const parent = jobOf();
    await provider.enqueue([parent]);
    await enqueueAll(
      provider,
      Array.from({ length: 2_500 }, () => needing([parent], "failed")),
    );
    await provider.cancel([parent.id]);
    expect((await provider.counts())["mail"]?.blocked).toBeGreaterThan(1_000);
    await provider.requeue([parent.id]);
    expect(await provider.counts()).toEqual({ mail: { ready: 2_501 } });
  }, 60_000);

  it("a chain longer than one call follows is skipped to its end by the next promotion", async () => {
    const provider = await scene.started(direct());
    const chain = chainOf(3_000);
    await enqueueAll(provider, chain);
    await provider.cancel([chain[0]?.id ?? ""]);
    expect((await provider.counts())["mail"]?.blocked).toBeGreaterThan(500);
    await provider.promote(10);
    expect(await provider.counts()).toEqual({ mail: { cancelled: 1, skipped: 2_999 } });
  }, 60_000);

  it("a call that is refused does not touch those that were made at the same time", async () => {
    const provider = await scene.started(direct());
    const parent = jobOf();
    const calls = [[jobOf()], [needing([jobOf()])], [parent], [needing([parent])], [jobOf()]];
    const settled = await Promise.allSettled(calls.map((jobs) => provider.enqueue(jobs)));
    expect(settled.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
      "fulfilled",
    ]);
    expect(await provider.counts()).toEqual({ mail: { ready: 3, blocked: 1 } });
  });

  it("is only the marker once all jobs are over and pruned", async () => {
    let now = 1_000_000;
    const provider = await scene.started({ ...direct(), clock: { now: () => now } });
    const members = jobsOf(50);
    const after = needing(members, "finished");
    await provider.enqueue([...members, after, ...chainOf(20)]);
    await provider.enqueue(Array.from({ length: 30 }, () => needing([after], "failed")));
    await provider.enqueue([jobOf({ neededBy: [{ id: after.id, when: "notFailed" }] })]);
    for (let round = 0; round < 30; round++) {
      await provider.nack((await provider.claim(claimOf())).map((lease) => ({ ...lease, outcome: "skip" })));
      now += 1;
    }
    expect((await provider.counts())["mail"]).toEqual({ skipped: 50 + 1 + 20 + 30 + 1 });
    for (let round = 0; round < 25; round++) await provider.prune(pruneAll);
    expect(await provider.counts()).toEqual({});
    expect(await keysOf(server.admin, "jobwright")).toEqual(["{jobwright}:meta"]);
  });

  it("jobs that others need are looked at once when their time is over, and not by every prune", async () => {
    const provider = await scene.started({ ...direct(), clock: { now: () => 1_000_000 } });
    const members = jobsOf(150);
    await provider.enqueue([...members, jobOf({ queue: "other" })]);
    const open = jobOf({ queue: "other" });
    await provider.enqueue([open, needing([...members, open])]);
    await provider.ack(await provider.claim(claimOf({ limit: 200 })));
    expect(await provider.prune(pruneAll)).toBe(0);
    expect(await commandsOf(() => provider.prune(pruneAll), "hexists")).toBe(0);
    expect((await provider.list({ states: ["succeeded"], limit: 1_000 })).jobs).toHaveLength(150);
    expect((await provider.finished({ since: 0, limit: 1_000 })).jobs).toHaveLength(150);
    await provider.requeue([members[0]?.id ?? ""]);
    expect((await provider.finished({ since: 0, limit: 1_000 })).jobs).toHaveLength(149);
  });

  describe("a prune mends", () => {
    const edgesOf = ({ id }: NewJob): string => `{jobwright}:edges:${packId(id)}`;

    it("edges that are open although the job that is needed has ended", async () => {
      const provider = await scene.started(direct());
      const [a, b] = [jobOf(), jobOf()];
      const [fine, lost, lostAfter] = [needing([a]), needing([b]), needing([b], "failed")];
      await provider.enqueue([a, b, fine, lost, lostAfter, needing([lost])]);
      await server.admin.hdel("{jobwright}:needed", packId(a.id), packId(b.id));
      await provider.complete([{ id: a.id }]);
      await provider.cancel([b.id]);
      expect((await provider.counts())["mail"]?.blocked).toBe(4);
      await provider.prune({ retentionMs: {}, limit: 10 });
      expect(await stateOf(provider, fine)).toBe("ready");
      expect(await stateOf(provider, lostAfter)).toBe("ready");
      expect(await provider.get(lost.id)).toMatchObject({ state: "skipped", reason: "prerequisite" });
      expect((await provider.counts())["mail"]?.skipped).toBe(2);
    });

    it("jobs that wait although nothing is open, or no edge is counted right", async () => {
      const provider = await scene.started(direct());
      const parents = jobsOf(2);
      const [go, skip, wait] = [needing(parents), needing(parents), needing(parents)];
      await provider.enqueue([...parents, go, skip, wait]);
      for (const { id } of parents) {
        await server.admin.hset(edgesOf(go), packId(id), "12");
        await server.admin.hset(edgesOf(skip), packId(id), "13");
      }
      await server.admin.hdel(edgesOf(wait), "#", packId(parents[0]?.id ?? ""));
      await provider.prune({ retentionMs: {}, limit: 10 });
      expect(await stateOf(provider, go)).toBe("ready");
      expect(await provider.get(skip.id)).toMatchObject({ state: "skipped", reason: "condition" });
      expect(await stateOf(provider, wait)).toBe("blocked");
      await provider.complete(parents);
      expect(await stateOf(provider, wait)).toBe("ready");
    });

    it("one of very many, part by part", async () => {
      const provider = await scene.started(direct());
      const parent = jobOf();
      const children = Array.from({ length: 450 }, () => needing([parent]));
      await provider.enqueue([parent, ...children]);
      for (const place of [2, 149, 449]) {
        await server.admin.hset(edgesOf(children[place] as NewJob), packId(parent.id), "12");
      }
      const ready = [];
      for (let round = 0; round < 6; round++) {
        await provider.prune({ retentionMs: {}, limit: 10 });
        ready.push((await provider.counts())["mail"]?.ready);
      }
      expect(ready).toEqual([2, 3, 3, 3, 4, 4]);
    });
  });

  it("takes over a store of version 1 with its jobs, and puts reserved ones where they are found", async () => {
    let now = 1_000_000;
    const clock = { now: () => now };
    const old = await scene.started({ ...direct(), clock });
    const [parent, kept] = [
      jobOf(),
      jobOf({ unique: { key: "k", scope: "any", onConflict: "ignore", forMs: 90_000 } }),
    ];
    await old.enqueue([parent, kept]);
    await old.cancel([kept.id]);
    now += 10;
    await old.prune(pruneAll);
    // As version 1 left it.
    await server.admin.del("{jobwright}:aside");
    await server.admin.hset("{jobwright}:meta", "version", "1");
    const cautious = scene.open({ ...direct(), clock, migrate: false });
    await expect(cautious.start()).rejects.toMatchObject({ code: "JW_SCHEMA_MISSING" });
    const provider = scene.open({ ...direct(), clock });
    expect(await provider.migrate()).toEqual({ from: 1, to: 3 });
    await cautious.start();
    const child = needing([parent]);
    await provider.enqueue([child]);
    await provider.ack([await leaseOf(provider, parent)]);
    expect(await stateOf(provider, child)).toBe("ready");
    now += 10;
    await provider.prune({ retentionMs: { cancelled: 0 }, limit: 10 });
    expect((await provider.finished({ since: 0 })).jobs.map(({ id }) => id)).toEqual([kept.id, parent.id]);
    now += 100_000;
    expect(await provider.prune({ retentionMs: { cancelled: 0 }, limit: 10 })).toBe(1);
  });

  it("tells jobs that ended at one moment, in many lanes and more than once, page by page", async () => {
    let now = 1_000_000;
    const provider = await scene.started({ ...direct(), clock: { now: () => now } });
    const jobs = Array.from({ length: 400 }, (_, n) => jobOf({ queue: `q${n % 3}`, version: 1 + (n % 2) }));
    await provider.enqueue(jobs);
    const expected: string[] = [];
    const some = jobs.slice(0, 120).map(({ id }) => id);
    await provider.cancel(some);
    await provider.requeue(some);
    await provider.cancel(some);
    expected.push(...some);
    for (let at = 120; at < jobs.length; at += 70) {
      now += 5;
      const ids = jobs.slice(at, at + 70).map(({ id }) => id);
      await provider.complete(ids.toReversed().map((id) => ({ id })));
      expected.push(...ids);
    }
    const told: string[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const page = await provider.finished({ since: 0, limit: 37, ...(cursor !== "" && { cursor }) });
      told.push(...page.jobs.map(({ id }) => id));
      cursor = page.cursor;
    }
    expect(told).toEqual(expected);
    expect((await provider.finished({ since: now, limit: 1_000 })).jobs).toHaveLength(70);
  });

  it("a store that is full refuses edges, and still settles what others need", async () => {
    const provider = await scene.started(direct());
    const [first, second] = chainOf(2);
    await provider.enqueue([first as NewJob, second as NewJob]);
    await server.admin.config("SET", "maxmemory", "1");
    try {
      await expect(provider.enqueue(chainOf(2))).rejects.toMatchObject({ code: "JW_STORE_FULL", retryable: true });
      await provider.ack([await leaseOf(provider, first as NewJob)]);
      await provider.complete([{ id: second?.id ?? "" }]);
    } finally {
      await server.admin.config("SET", "maxmemory", "0");
    }
    expect(await provider.counts()).toEqual({ mail: { succeeded: 2 } });
  });
});
