import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Gate, NewJob, Provider } from "../../../runtime/contract/index.ts";
import { keysOf, noServer, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { claimOf, claimOne, createScene, jobOf } from "./scene.ts";

const suite = `gates in Redis${noServer ? ` (left out: ${noServer})` : ""}`;
const retentionMs = { succeeded: 0, dead: 0, cancelled: 0, skipped: 0 };

function gate(given: Partial<Gate> = {}): Gate {
  return { policy: "p", key: "p:k", kind: "concurrency", level: 1, limit: 1, ...given };
}

function gatedJob(gates: readonly Partial<Gate>[] = [{}], given: Partial<NewJob> = {}): NewJob {
  return jobOf({ gates: gates.map(gate), ...given });
}

/**
 * Claims and settles until nothing is left, half of it without saying that its leases are gated. How many jobs run at a time
 * is counted outside of the store; what it saw at most, and how many jobs it settled, follow.
 */
const working = `
  import { once } from "node:events";
  import { randomUUID } from "node:crypto";
  import { Redis } from "ioredis";
  const [modules, url] = process.argv.slice(1);
  const { redis } = await import(modules + "providers/redis/index.ts");
  const provider = redis({ url, onWarning: () => {} });
  await provider.start();
  const counter = new Redis(url);
  process.stdout.write("ready");
  await once(process.stdin, "data");
  const lanes = [{ queue: "mail", limit: 10, handles: [{ name: "mail", maxVersion: 1 }] }];
  let most = 0, done = 0;
  for (let round = 0; ; round++) {
    const leases = await provider.claim({ claimId: randomUUID(), workerId: "w" + process.pid, leaseMs: 60_000, lanes });
    if (leases.length === 0) {
      if (!(await provider.counts()).mail?.blocked && !(await provider.counts()).mail?.ready) break;
      await provider.promote(100);
      continue;
    }
    most = Math.max(most, await counter.incrby("runs", leases.length));
    await counter.decrby("runs", leases.length);
    await provider.ack(leases.map(({ gated, ...lease }) => (round % 2 === 0 ? { ...lease, gated } : lease)));
    done += leases.length;
  }
  process.stdout.write(JSON.stringify([most, done]));
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

  async function enqueueMany(provider: Provider, count: number, make: (n: number) => NewJob): Promise<void> {
    for (let at = 0; at < count; at += 1_000) {
      const size = Math.min(1_000, count - at);
      await provider.enqueue(Array.from({ length: size }, (_, n) => make(at + n)));
    }
  }

  it("four processes never run more jobs of a group than its limit, and leave none behind", async () => {
    const provider = await scene.started(direct());
    const order: Partial<Gate> = { policy: "o", kind: "order", level: 0 };
    await enqueueMany(provider, 400, (n) =>
      gatedJob([{ ...order, key: `o:${n % 20}` }, { limit: 3 }], n % 7 === 0 ? { delayMs: 5 } : {}),
    );
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
    const seen = children.map(({ said }) => JSON.parse(said.join("").slice("ready".length)) as [number, number]);
    expect(Math.max(...seen.map(([most]) => most))).toBeLessThanOrEqual(3);
    const scheduled = (await provider.counts())["mail"]?.scheduled ?? 0;
    expect(seen.reduce((sum, [, done]) => sum + done, 0)).toBe(400 - scheduled);
    expect(await keysOf(server.admin, "jobwright")).not.toContain("{jobwright}:passed:p:k");
  }, 60_000);

  it("an admission and a claim run as many commands before 100,000 blocked jobs as before ten", async () => {
    const provider = await scene.started(direct());
    const round = async (): Promise<readonly number[]> => {
      const claim = await commandsOf(async () => {
        expect(await provider.claim(claimOf())).toHaveLength(1);
      });
      const { jobs } = await provider.list({ states: ["running"] });
      const lease = { id: jobs[0]?.id ?? "", fence: jobs[0]?.fence ?? 0, gated: true } as const;
      const ack = await commandsOf(() => provider.ack([lease]));
      const enqueue = await commandsOf(() => provider.enqueue([gatedJob()]));
      const promote = await commandsOf(() => provider.promote(10));
      return [claim, ack, enqueue, promote];
    };
    await enqueueMany(provider, 11, () => gatedJob());
    await round(); // the server knows the scripts
    const few = await round();
    await enqueueMany(provider, 100_000, () => gatedJob());
    expect(await round()).toEqual(few);
  }, 60_000);

  it("a promotion does not look at groups that have no room, however many there are", async () => {
    const provider = await scene.started(direct());
    await provider.promote(10);
    const idle = await commandsOf(() => provider.promote(10));
    await enqueueMany(provider, 4_000, (n) => gatedJob([{ key: `p:${n % 2_000}` }]));
    expect(await provider.counts()).toEqual({ mail: { ready: 2_000, blocked: 2_000 } });
    expect(await commandsOf(() => provider.promote(10))).toBe(idle);
  });

  it("a group that a settlement without `gated` left closed is remembered, and opened by the next promotion", async () => {
    const [dying, other] = [await scene.started(direct()), await scene.started(direct())];
    await dying.enqueue(Array.from({ length: 4 }, () => gatedJob()));
    const error = { name: "E", message: "m" };
    const endings = [
      ({ id, fence }: { id: string; fence: number }) => dying.ack([{ id, fence }]),
      ({ id, fence }: { id: string; fence: number }) =>
        dying.nack([{ id, fence, outcome: "retry", delayMs: 60_000, error }]),
      ({ id, fence }: { id: string; fence: number }) =>
        dying.nack([{ id, fence, outcome: "dead", reason: "discarded", error }]),
    ];
    for (const end of endings) {
      await end(await claimOne(other));
      expect(await other.claim(claimOf())).toEqual([]);
      expect(await server.admin.zrange("{jobwright}:opening", "0", "-1")).toEqual(["p:k"]);
      await other.promote(10);
      expect(await server.admin.exists("{jobwright}:opening")).toBe(0);
    }
    expect((await dying.counts())["mail"]).toEqual({ ready: 1, scheduled: 1, succeeded: 1, dead: 1 });
  });

  it("leases that are gated and others are settled in one call, whatever each says of itself", async () => {
    const provider = await scene.started(direct());
    const jobs = Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? jobOf() : gatedJob([{ limit: 3 }])));
    await provider.enqueue(jobs);
    const leases = await provider.claim(claimOf());
    expect(leases).toHaveLength(9);
    const mixed = leases.map(({ gated, ...lease }, n) => (gated && n % 3 > 0 ? { ...lease, gated } : lease));
    expect(await provider.ack(mixed.map((lease, n) => ({ ...lease, output: `${n}` })))).toEqual(leases.map(() => "ok"));
    const { jobs: ended } = await provider.list({ states: ["succeeded"] });
    expect(new Map(ended.map(({ id, output }) => [id, output]))).toEqual(
      new Map(leases.map(({ id }, n) => [id, `${n}`])),
    );
    const { id, fence } = first(leases);
    expect(await provider.ack([{ id, fence: fence + 1 }, ...leases])).toEqual([
      "stale",
      ...leases.map(() => "alreadyDone"),
    ]);
  });

  it("many jobs that a new limit lets through go in steps", async () => {
    const provider = await scene.started(direct());
    await enqueueMany(provider, 3_500, () => gatedJob());
    await provider.putLimits([{ policy: "p", kind: "concurrency", limit: 3_000 }]);
    expect(await commandsOf(() => provider.promote(10), "eval(?:sha)?")).toBeGreaterThanOrEqual(3);
    expect(await provider.counts()).toEqual({ mail: { ready: 3_000, blocked: 500 } });
  });

  it("calls without gates run as many commands as in a store that has none", async () => {
    const provider = await scene.started(direct());
    const error = { name: "E", message: "m" };
    const round = async (): Promise<readonly number[]> => {
      const enqueue = await commandsOf(() => provider.enqueue(Array.from({ length: 20 }, () => jobOf())));
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
    await provider.enqueue(Array.from({ length: 44 }, () => jobOf({ queue: "other" })));
    const before = await round();
    await provider.enqueue(Array.from({ length: 44 }, () => gatedJob([{}], { queue: "other" })));
    expect(await round()).toEqual(before);
  });

  it("is only the marker and the limits once all jobs are over, pruned, and no window reaches their starts", async () => {
    let now = 1_000_000;
    const provider = await scene.started({ ...direct(), clock: { now: () => now } });
    const gates: readonly Partial<Gate>[] = [
      { policy: "o", key: "o:k", kind: "order", level: 0 },
      { policy: "r", key: "r:k", kind: "rate", level: 2, limit: 20, windowMs: 60_000 },
      { policy: "f", key: "f:k", kind: "fair", level: 3, limit: 2 },
    ];
    await enqueueMany(provider, 60, (n) => gatedJob(n % 2 === 0 ? gates : gates.slice(1), { tags: [`t${n % 3}`] }));
    const keep = (lease: { id: string; fence: number }) =>
      provider.note([{ ...lease, kind: "log", key: "1", text: "line" }]);
    for (let step = 0; step < 400; step++) {
      for (const lease of await provider.claim(claimOf())) {
        await keep(lease);
        const error = { name: "E", message: "m" };
        await provider.nack([
          { ...lease, outcome: lease.attempt < 2 ? "retry" : "dead", reason: "discarded", delayMs: 10, error },
        ]);
      }
      now += 1_000;
      await provider.promote(100);
    }
    expect(await provider.counts()).toEqual({ mail: { dead: 60 } });
    expect(await provider.prune({ retentionMs, limit: 100 })).toBe(60);
    now += 120_000;
    await provider.promote(10);
    expect((await keysOf(server.admin, "jobwright")).toSorted()).toEqual(["{jobwright}:limits", "{jobwright}:meta"]);
  });

  it("finds blocked jobs, few among many others and many", async () => {
    const provider = await scene.started(direct());
    const blocked = Array.from({ length: 3 }, () => gatedJob());
    await provider.enqueue([gatedJob(), ...blocked]);
    await enqueueMany(provider, 5_000, () => jobOf());
    const commands = await commandsOf(async () => {
      const { jobs } = await provider.list({ states: ["blocked"] });
      expect(jobs.map(({ id }) => id)).toEqual(blocked.map(({ id }) => id).toReversed());
    });
    expect(commands).toBeLessThan(50);
    await enqueueMany(provider, 3_000, () => gatedJob());
    expect((await provider.list({ states: ["blocked"], limit: 1_000 })).jobs).toHaveLength(1_000);
  });

  it("a store that is full refuses gated jobs, and still settles them and lets the next ones through", async () => {
    const provider = await scene.started(direct());
    await provider.enqueue(Array.from({ length: 5 }, () => gatedJob()));
    await server.admin.config("SET", "maxmemory", "1");
    try {
      await expect(provider.enqueue([gatedJob()])).rejects.toMatchObject({ code: "JW_STORE_FULL", retryable: true });
      for (let n = 0; n < 3; n++) expect(await provider.ack([await claimOne(provider)])).toEqual(["ok"]);
      const { id, fence } = await claimOne(provider);
      expect(await provider.ack([{ id, fence }])).toEqual(["ok"]);
      await provider.promote(10);
    } finally {
      await server.admin.config("SET", "maxmemory", "0");
    }
    expect(await provider.counts()).toEqual({ mail: { ready: 1, succeeded: 4 } });
  });
});

function first<T>(values: readonly T[]): T {
  const [value] = values;
  if (value === undefined) throw new Error("the list is empty");
  return value;
}
