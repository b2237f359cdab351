import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ClaimedJob, JobRecord, NewJob } from "../../../runtime/contract/index.ts";
import type { RedisProvider } from "../../../runtime/providers/redis/index.ts";
import { noServer, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { claimOf, createScene, jobOf } from "./scene.ts";

/** A head as the store keeps it now: what jobs have in common, then what is their own. */
function readHead(head: Buffer): Record<string, number> {
  if (head[0] !== 8) {
    const [enqueuedAt, seq] = [head.readUIntBE(10, 6), head.readUIntBE(4, 6)];
    return {
      short: 1,
      kind: (head[0] ?? 0) - 4,
      lane: head.readUIntBE(1, 3),
      seq,
      enqueuedAt,
      maxCrashes: head.readUInt16BE(16),
    };
  }
  const long = head.length > 68;
  const enqueuedAt = long ? head.readDoubleBE(60) : head.readUIntBE(60, 6);
  return {
    short: 0,
    kind: head[1] ?? 0,
    state: head[2] ?? 0,
    marks: head[3] ?? 0,
    lane: head.readUInt32BE(4),
    attempt: head.readUInt32BE(8),
    crashes: head.readUInt32BE(12),
    fence: head.readUInt32BE(16),
    open: head[20] ?? 0,
    startedAt: head.readDoubleBE(21),
    finishedAt: head.readDoubleBE(29),
    progress: head.readDoubleBE(37),
    reason: head[45] ?? 0,
    claim: head.readDoubleBE(46),
    seq: head.readUIntBE(54, 6),
    enqueuedAt,
    maxCrashes: long ? head.readUInt32BE(68) : head.readUInt16BE(66),
    runAt: long ? head.readDoubleBE(72) : enqueuedAt,
    priority: long ? head.readInt32BE(80) : 0,
  };
}

/** The same head as version 2 kept it. */
function oldHead(head: Buffer): Buffer {
  const of = readHead(head);
  const value = (name: string): number => of[name] ?? 0;
  if (of["short"]) {
    const old = Buffer.alloc(17);
    old.writeUInt8(value("kind"), 0);
    old.writeUIntLE(value("lane"), 1, 3);
    old.writeUIntLE(value("seq"), 4, 5);
    old.writeUIntLE(value("enqueuedAt"), 9, 6);
    old.writeUInt16LE(value("maxCrashes"), 15);
    return old;
  }
  const old = Buffer.alloc(85);
  old.writeUInt8(value("kind") + 2, 0);
  old.writeUInt8(value("state"), 1);
  old.writeUInt32LE(value("lane"), 2);
  old.writeInt32LE(value("priority"), 6);
  old.writeUInt32LE(value("maxCrashes"), 10);
  for (const [index, name] of ["seq", "enqueuedAt", "runAt"].entries()) old.writeDoubleLE(value(name), 14 + 8 * index);
  for (const [index, name] of ["attempt", "crashes", "fence"].entries()) old.writeUInt32LE(value(name), 38 + 4 * index);
  old.writeUInt8(value("open"), 50);
  old.writeUInt8(value("marks"), 51);
  const times = ["startedAt", "finishedAt", "progress"];
  for (const [index, name] of times.entries()) old.writeDoubleLE(value(name), 52 + 8 * index);
  old.writeUInt8(value("reason"), 76);
  old.writeDoubleLE(value("claim"), 77);
  return old;
}

describe.skipIf(noServer)(`heads of version 2${noServer ?? ""}`, () => {
  const scene = createScene();
  let server: RedisServer;
  let now = 1_000_000;
  let provider: RedisProvider;

  beforeAll(async () => {
    server = await startRedis();
  });
  beforeEach(async () => {
    now = 1_000_000;
    provider = await started();
  });
  afterEach(async () => {
    await scene.end();
    await server.admin.flushall();
  });
  afterAll(() => server?.stop());

  const started = (): Promise<RedisProvider> => scene.started({ url: server.url, clock: { now: () => now } });

  /** Leaves the store as version 2 did; the jobs' payloads stay behind the heads of those that were never claimed. */
  async function makeOld(): Promise<void> {
    for (const name of ["jobs", "heads"]) {
      const key = `{jobwright}:${name}`;
      const fields = Object.keys(await server.admin.hgetall(key));
      for (const field of fields) {
        const value = (await server.admin.hgetBuffer(key, field)) ?? Buffer.alloc(0);
        const size = name === "heads" ? value.length : value[0] === 8 ? 84 : 18;
        const old = Buffer.concat([oldHead(value.subarray(0, size)), value.subarray(size)]);
        await server.admin.hset(key, field, old);
      }
    }
    await server.admin.hset("{jobwright}:meta", "version", "2");
    await scene.end();
    provider = await started();
    expect(await server.admin.hget("{jobwright}:meta", "version")).toBe("3");
  }

  /** Jobs in every state, and waiting ones of every kind. */
  async function everyKind(): Promise<readonly NewJob[]> {
    const others = { queue: "others" };
    const [succeeded, retried, dead, crashed, running] = [jobOf(), jobOf(), jobOf(), jobOf(), jobOf()];
    await provider.enqueue([crashed]);
    await provider.claim(claimOf({ leaseMs: 10 }));
    now += 100;
    await provider.reap(10);
    await provider.enqueue([succeeded, retried, dead, running]);
    const leases = new Map((await provider.claim(claimOf())).map((lease) => [lease.id, lease]));
    const leaseOf = ({ id }: NewJob): ClaimedJob => leases.get(id) as ClaimedJob; // claimed just now
    await provider.ack([{ ...leaseOf(succeeded), output: "1" }]);
    const error = { name: "Error", message: "no" };
    await provider.nack([
      { ...leaseOf(retried), outcome: "retry", delayMs: 500, error },
      { ...leaseOf(dead), outcome: "dead", reason: "discarded", error },
    ]);
    await provider.nack([{ ...leaseOf(crashed), outcome: "release" }]);
    await provider.report([{ ...leaseOf(running), progress: 0.5 }]);
    const parent = jobOf(others);
    const waiting = [
      jobOf({ ...others, payload: '"plain"' }),
      jobOf({ ...others, payload: JSON.stringify("long".repeat(500)) }),
      jobOf({ ...others, priority: -3 }),
      jobOf({ ...others, priority: 5, payload: JSON.stringify("ö".repeat(500)), tags: ["t"] }),
      jobOf({ ...others, delayMs: 1_000 }),
      jobOf({ ...others, gates: [{ policy: "p", key: "p:1", kind: "concurrency", level: 0, limit: 1 }] }),
    ];
    const child = jobOf({ ...others, needs: { of: [{ id: parent.id, when: "succeeded" }], mode: "all" } });
    const cancelled = jobOf(others);
    await provider.enqueue([...waiting, parent, child, cancelled]);
    await provider.cancel([cancelled.id]);
    return [succeeded, retried, dead, crashed, running, ...waiting, parent, child, cancelled];
  }

  const recordsOf = (jobs: readonly NewJob[]): Promise<readonly (JobRecord | undefined)[]> =>
    Promise.all(jobs.map(({ id }) => provider.get(id)));

  it("are read as they were meant", async () => {
    const jobs = await everyKind();
    const [records, list] = [await recordsOf(jobs), await provider.list({ limit: 100 })];
    const ended = await provider.finished({ since: 0 });
    await makeOld();
    expect(await recordsOf(jobs)).toEqual(records);
    expect(await provider.list({ limit: 100 })).toEqual(list);
    expect(await provider.finished({ since: 0 })).toEqual(ended);
    expect(new Set(records.map((record) => record?.state)).size).toBe(7);
  });

  it("belong to jobs that go on as if nothing had been", async () => {
    const jobs = await everyKind();
    await makeOld();
    const lanes = ["mail", "others"].map((queue) => ({
      queue,
      limit: 100,
      handles: [{ name: "mail", maxVersion: 1 }],
    }));
    now += 2_000;
    await provider.promote(100);
    const held = await provider.extend({ workerId: "w1", leaseMs: 30_000 });
    const claimed = await provider.claim(claimOf({ lanes }));
    for (const { id, payload, attempt, fence } of claimed) {
      expect(payload).toBe(jobs.find((job) => job.id === id)?.payload);
      expect(await provider.get(id)).toMatchObject({ state: "running", attempt, fence });
    }
    expect(await provider.claim(claimOf({ lanes }))).toEqual([]);
    const settled = await provider.ack([...held, ...claimed]);
    expect(settled.every((answer) => answer === "ok")).toBe(true);
    const last = await provider.claim(claimOf({ lanes }));
    expect(last.map(({ id }) => id)).toEqual([jobs.at(-2)?.id]);
    await provider.ack(last);
    const states = (await recordsOf(jobs)).map((record) => record?.state);
    expect(states.filter((state) => state !== "succeeded")).toEqual(["dead", "cancelled"]);
    now += 10;
    const all = { succeeded: 0, dead: 0, cancelled: 0 };
    while ((await provider.prune({ retentionMs: all, limit: 100 })) > 0) now += 10;
    expect(await server.admin.hlen("{jobwright}:jobs")).toBe(0);
    expect(await server.admin.hlen("{jobwright}:heads")).toBe(0);
  });
});
