import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Provider } from "../../../runtime/contract/index.ts";
import { keysOf, noServer, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { claimOf, claimOne, createScene, jobOf, until } from "./scene.ts";

const suite = `what the Redis provider keeps and sends${noServer ? ` (left out: ${noServer})` : ""}`;

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

  /** How many commands the server ran meanwhile, those of scripts included. */
  async function commandsOf(action: () => Promise<unknown>, name = "\\w+"): Promise<number> {
    await server.admin.config("RESETSTAT");
    await action();
    const stats = await server.admin.info("commandstats");
    const calls = [...stats.matchAll(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, "gm"))];
    return calls.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** Claims everything and settles it in every way there is, until nothing is ready any more. */
  async function settleAll(provider: Provider): Promise<void> {
    const error = { name: "E", message: "m" };
    for (;;) {
      const leases = await provider.claim(claimOf({ limit: 200 }));
      if (leases.length === 0) return;
      await provider.report(leases.map(({ id, fence }) => ({ id, fence, progress: 1 })));
      await provider.extend({ workerId: "w1", leaseMs: 60_000 });
      const [retried, dead] = [leases.slice(0, leases.length / 4), leases.slice(leases.length / 4, leases.length / 2)];
      await provider.nack(retried.map(({ id, fence }) => ({ id, fence, outcome: "retry", delayMs: 0, error })));
      await provider.nack(
        dead.map(({ id, fence }) => ({ id, fence, outcome: "dead", reason: "attempts-exhausted", error })),
      );
      await provider.ack(leases.slice(leases.length / 2).map((lease) => ({ ...lease, output: '"done"' })));
    }
  }

  it.each([
    ["all of them UUIDs", []],
    ["some of them other texts", ["mine", "ü🐎", "=", "0".repeat(22), "x".repeat(300)]],
  ])("acks ids of one call, %s, with fences and outputs of their own", async (_which, others) => {
    const provider = await scene.started(direct());
    const jobs = [...others.map((id) => jobOf({ id })), jobOf(), jobOf(), jobOf()];
    await provider.enqueue(jobs);
    const error = { name: "E", message: "m" };
    const [first, ...rest] = await provider.claim(claimOf({ claimId: "1", limit: jobs.length }));
    if (!first) throw new TypeError("nothing was claimed");
    await provider.nack([{ ...first, outcome: "retry", delayMs: 0, error }]);
    const leases = [...rest, ...(await provider.claim(claimOf({ claimId: "2" })))];
    expect(leases.map(({ id }) => id)).toEqual([...jobs.slice(1), ...jobs.slice(0, 1)].map(({ id }) => id));
    const completions = leases.map(({ id, fence }) => ({ id, fence, output: JSON.stringify(id) }));
    expect(await provider.ack(completions)).toEqual(leases.map(() => "ok"));
    for (const { id } of jobs) {
      expect(await provider.get(id)).toMatchObject({ state: "succeeded", output: JSON.stringify(id) });
    }
  });

  it("is only the marker once all jobs are over and pruned", async () => {
    const provider = await scene.started(direct());
    const before = await keysOf(server.admin, "jobwright");
    const jobs = Array.from({ length: 1_000 }, (_, index) =>
      jobOf({
        payload: "x".repeat(index % 3 === 0 ? 2_000 : 20),
        version: 1 + (index % 2),
        ...(index % 5 === 0 && { delayMs: 3_600_000 }),
      }),
    );
    await provider.enqueue(jobs);
    expect((await keysOf(server.admin, "jobwright")).length).toBeGreaterThan(before.length + 10);
    await settleAll(provider);
    await provider.cancel(jobs.map(({ id }) => id));
    await provider.pause({ queue: "mail" });
    await provider.resume({ queue: "mail" });
    const retentionMs = { succeeded: 0, dead: 0, cancelled: 0, skipped: 0 };
    expect(await provider.prune({ retentionMs, limit: 10_000 })).toBe(1_000);
    expect(await keysOf(server.admin, "jobwright")).toEqual(before);
    expect(before).toEqual(["{jobwright}:meta"]);
    const fields = await server.admin.hkeys("{jobwright}:meta");
    expect(fields.toSorted()).toEqual(["born", "lane", "op", "seq", "version"]);
  });

  it("is only the marker after leases have lapsed and their jobs were given up", async () => {
    const provider = await scene.started(direct());
    await provider.enqueue(Array.from({ length: 50 }, () => jobOf({ maxCrashes: 0 })));
    await provider.claim(claimOf({ leaseMs: -1_000 }));
    expect(await provider.reap(100)).toEqual({ readied: 0, ended: 50 });
    await provider.prune({ retentionMs: { dead: 0 }, limit: 100 });
    expect(await keysOf(server.admin, "jobwright")).toEqual(["{jobwright}:meta"]);
  });

  it("tells a caller in one process that another process settled its job", async () => {
    const [producer, worker] = [await scene.started(direct()), await scene.started(direct())];
    const job = jobOf();
    await producer.enqueue([job]);
    // Without the poll, which would find it out as well.
    vi.useFakeTimers({ toFake: ["setInterval"] });
    try {
      const settled = producer.awaitSettled(job.id);
      await until(async () => (await server.admin.pubsub("NUMSUB", "{jobwright}:settled"))[1] === 1);
      await worker.ack([{ ...(await claimOne(worker)), output: "1" }]);
      expect(await settled).toMatchObject({ id: job.id, state: "succeeded", output: "1" });
    } finally {
      vi.useRealTimers();
    }
  });

  it("sends enqueues of one moment in few calls", async () => {
    const provider = await scene.started(direct());
    await provider.enqueue([jobOf()]);
    const calls = await commandsOf(
      () => Promise.all(Array.from({ length: 1_000 }, () => provider.enqueue([jobOf()]))),
      "eval(?:sha)?",
    );
    expect(calls).toBe(10);
    expect(await provider.counts()).toEqual({ mail: { ready: 1_001 } });
  });

  it("does not look at other queues and other jobs when it claims", async () => {
    const provider = await scene.started(direct());
    const claims = async (): Promise<number> => {
      await provider.enqueue(Array.from({ length: 10 }, () => jobOf()));
      return commandsOf(() => provider.claim(claimOf({ limit: 10 })));
    };
    const alone = await claims();
    const foreign = Array.from({ length: 1_000 }, (_, index) => [
      jobOf({ queue: `queue${index}`, priority: -1 }),
      jobOf({ name: `name${index}`, priority: -1 }),
      jobOf({ version: 2 + index, priority: -1 }),
    ]);
    await provider.enqueue(foreign.flat());
    expect(await claims()).toBe(alone);
  });

  it("offers jobs of many names and versions in one order, in large claims and in small ones", async () => {
    const provider = await scene.started(direct());
    const jobs = Array.from({ length: 600 }, (_, index) =>
      jobOf({ name: `name${index % 7}`, version: 1 + (index % 2), priority: (index * 31) % 5 }),
    );
    await provider.enqueue(jobs);
    const handles = Array.from({ length: 7 }, (_, index) => ({ name: `name${index}`, maxVersion: 2 }));
    const claimed: string[] = [];
    for (const limit of [1, 10, 200, 10, 1_000]) {
      const leases = await provider.claim(claimOf({ lanes: [{ queue: "mail", limit, handles }] }));
      claimed.push(...leases.map(({ id }) => id));
    }
    const wanted = jobs.toSorted((a, b) => a.priority - b.priority); // stable
    expect(claimed).toEqual(wanted.map(({ id }) => id));
  });

  it("keeps and deletes a job by its last end, however often it was requeued", async () => {
    let now = 1_000_000;
    const provider = await scene.started({ ...direct(), clock: { now: () => now } });
    const jobs = Array.from({ length: 5 }, () => jobOf());
    const ids = jobs.map(({ id }) => id);
    await provider.enqueue(jobs);
    await provider.cancel(ids);
    for (const id of ids.slice(1)) {
      now += 1_000;
      await provider.requeue([id]);
      expect((await provider.list({ states: ["cancelled"] })).jobs).toHaveLength(4);
      await provider.cancel([id]);
      expect((await provider.list({ states: ["cancelled"] })).jobs.map((job) => job.id)).toEqual(ids.toReversed());
    }
    const retentionMs = { cancelled: 1_000 };
    expect(await provider.prune({ retentionMs, limit: 10 })).toBe(4);
    expect((await provider.list({})).jobs.map((job) => job.id)).toEqual(ids.slice(4));
    await provider.requeue(ids);
    now += 5_000;
    expect(await provider.prune({ retentionMs, limit: 10 })).toBe(0);
    await provider.ack([await claimOne(provider)]);
    expect(await provider.prune({ retentionMs: { succeeded: 0 }, limit: 10 })).toBe(1);
    expect(await keysOf(server.admin, "jobwright")).toEqual(["{jobwright}:meta"]);
  });

  it("prunes in small steps what ended in one call", async () => {
    const provider = await scene.started(direct());
    await provider.enqueue(Array.from({ length: 200 }, () => jobOf()));
    await provider.ack(await provider.claim(claimOf({ limit: 200 })));
    for (let step = 0; step < 4; step++)
      expect(await provider.prune({ retentionMs: { succeeded: 0 }, limit: 50 })).toBe(50);
    expect(await keysOf(server.admin, "jobwright")).toEqual(["{jobwright}:meta"]);
  });

  it("forgets what was settled of a claim whose last job goes on, and keeps that job's lease", async () => {
    const provider = await scene.started(direct());
    await provider.enqueue(Array.from({ length: 100 }, () => jobOf()));
    const [last, ...others] = await provider.claim(claimOf());
    await provider.ack(others);
    await provider.extend({ workerId: "w1", leaseMs: 60_000 });
    const [claim] = await server.admin.hvals("{jobwright}:claims");
    expect(claim?.length).toBeLessThan(100);
    expect(await provider.extend({ workerId: "w1", leaseMs: 60_000 })).toMatchObject([{ id: last?.id, fence: 1 }]);
    expect((await provider.list({ states: ["running"] })).jobs).toMatchObject([{ id: last?.id, workerId: "w1" }]);
  });

  it("lists many jobs page by page, newest first, and misses none", async () => {
    const provider = await scene.started(direct());
    const jobs = Array.from({ length: 5_000 }, (_, index) =>
      jobOf({ name: index % 3 === 0 ? "mail" : "report", ...(index % 2 === 0 && { delayMs: 60_000 }) }),
    );
    await provider.enqueue(jobs);
    for (const request of [
      { limit: 999 },
      { limit: 999, names: ["report"] },
      { limit: 7, states: ["ready"] as const },
    ]) {
      const listed: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await provider.list({ ...request, ...(cursor !== undefined && { cursor }) });
        listed.push(...page.jobs.map(({ id }) => id));
        cursor = page.cursor;
      } while (cursor !== undefined);
      const wanted = jobs.filter(
        ({ name, delayMs }) =>
          (!("names" in request) || request.names?.includes(name)) && (!("states" in request) || delayMs === undefined),
      );
      expect(listed).toEqual(wanted.map(({ id }) => id).toReversed());
    }
  });

  it("finds few old jobs without looking at the many others", async () => {
    const provider = await scene.started(direct());
    const dead = jobOf();
    await provider.enqueue([dead]);
    const { id, fence } = await claimOne(provider);
    const error = { name: "E", message: "m" };
    await provider.nack([{ id, fence, outcome: "dead", reason: "discarded", error }]);
    await provider.enqueue(Array.from({ length: 5_000 }, () => jobOf()));
    const commands = await commandsOf(async () => {
      expect((await provider.list({ states: ["dead"] })).jobs).toMatchObject([{ id: dead.id }]);
    });
    expect(commands).toBeLessThan(20);
  });
});
