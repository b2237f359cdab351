import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RedisProvider } from "../../../runtime/providers/redis/index.ts";
import { noServer, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { type RedisProxy, startProxy } from "../../support/redis-proxy.ts";
import { claimOf, claimOne, createScene, jobOf, until, untilDone } from "./scene.ts";

const suite = `Redis under faults${noServer ? ` (left out: ${noServer})` : ""}`;

describe.skipIf(noServer)(suite, () => {
  const scene = createScene();
  let server: RedisServer;
  let proxy: RedisProxy;
  const direct = () => ({ url: server.url });
  const proxied = () => ({ url: `redis://127.0.0.1:${proxy.port}`, commandTimeoutMs: 300 });

  beforeAll(async () => {
    // A server that flushes every second keeps back what it confirmed while the disk is busy.
    server = await startRedis("--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes");
  });
  beforeEach(async () => {
    proxy = await startProxy(server.port);
  });
  afterEach(async () => {
    proxy.mode = "pass";
    await scene.end();
    await proxy.close();
    await server.admin.flushall();
  });
  afterAll(() => server?.stop());

  describe("a lost reply", () => {
    /** So that the reply which is lost is not the server's "I do not know this script". */
    async function warmed(): Promise<RedisProvider> {
      const provider = await scene.started(proxied());
      const job = jobOf({ queue: "warm" });
      await provider.enqueue([job]);
      await provider.claim(claimOf({ lanes: [] }));
      await provider.ack([{ id: job.id, fence: 9 }]);
      await provider.cancel([job.id]);
      await provider.prune({ retentionMs: { cancelled: 0 }, limit: 1 });
      return provider;
    }

    it("of enqueue leaves one job, and the same call again says so", async () => {
      const provider = await warmed();
      const job = jobOf();
      proxy.mode = "mute";
      const call = provider.enqueue([job]);
      await proxy.withheld();
      proxy.cut();
      proxy.mode = "pass";
      // Sent again by the connection itself, or by the caller after the time limit: one job either way.
      const [result] = await untilDone(() => call.catch(() => provider.enqueue([job])));
      expect(result).toMatchObject({ id: job.id, outcome: "duplicate", state: "ready" });
      expect(await provider.counts()).toEqual({ mail: { ready: 1 } });
    });

    it("of claim gives the same leases to the same claim", async () => {
      const provider = await warmed();
      await provider.enqueue([jobOf(), jobOf(), jobOf()]);
      const request = claimOf({ limit: 2 });
      proxy.mode = "mute";
      const call = provider.claim(request);
      await proxy.withheld();
      proxy.cut();
      proxy.mode = "pass";
      const claimed = await untilDone(() => call.catch(() => provider.claim(request)));
      expect(claimed.map(({ fence }) => fence)).toEqual([1, 1]);
      expect(await provider.claim(request)).toEqual(claimed);
      expect(await provider.counts()).toEqual({ mail: { ready: 1, running: 2 } });
    });

    it("of ack settles once", async () => {
      const provider = await warmed();
      await provider.enqueue([jobOf()]);
      const lease = await claimOne(provider);
      proxy.mode = "mute";
      const call = provider.ack([{ ...lease, output: "1" }]);
      await proxy.withheld();
      proxy.cut();
      proxy.mode = "pass";
      expect(await untilDone(() => call.catch(() => provider.ack([lease])))).toEqual(["alreadyDone"]);
      expect(await provider.get(lease.id)).toMatchObject({ state: "succeeded", output: "1", attempt: 1 });
    });
  });

  describe("a connection", () => {
    it("that is a black hole rejects in time and works again when it can", async () => {
      const provider = await scene.started(proxied());
      proxy.mode = "hole";
      await expect(provider.enqueue([jobOf()])).rejects.toMatchObject({
        code: "JW_STORE_UNAVAILABLE",
        retryable: true,
      });
      proxy.mode = "pass";
      proxy.cut();
      await untilDone(() => provider.enqueue([jobOf()]));
      expect((await untilDone(() => provider.claim(claimOf()))).length).toBeGreaterThan(0);
    });

    it("that the server kills is made again", async () => {
      const provider = await scene.started(direct());
      await provider.enqueue([jobOf()]);
      await server.admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      expect(await untilDone(() => provider.claim(claimOf()))).toHaveLength(1);
    });

    it("that listens and is killed hears again of other processes' jobs", async () => {
      const listening = await scene.started(direct());
      const other = await scene.started(direct());
      let wakes = 0;
      listening.notifier?.subscribe(["mail"], () => wakes++);
      await until(() => wakes > 0);
      await server.admin.call("CLIENT", "KILL", "TYPE", "pubsub");
      const before = wakes;
      // It connects again, and then wakes everybody, because messages may have been missed.
      await until(async () => (await server.admin.pubsub("NUMSUB", "{jobwright}:ready"))[1] === 1 && wakes > before);
      const connected = wakes;
      await other.enqueue([jobOf()]);
      await until(() => wakes > connected);
    });

    it("that listens and falls silent is replaced", async () => {
      const provider = await scene.started(proxied(), { probeEveryMs: 50, probeLimitMs: 100 });
      let wakes = 0;
      provider.notifier?.subscribe(["mail"], () => wakes++);
      await until(() => wakes > 0);
      const before = wakes;
      const [silent] = await subscribers();
      proxy.silence();
      // The command connection was silenced too: it is made again after a call without an answer.
      await untilDone(() => provider.counts());
      await until(async () => (await subscribers()).some((id) => id !== silent) && wakes > before);
    });
  });

  describe("a server", () => {
    it("that lost its scripts gets them again, for single calls and for many at once", async () => {
      const provider = await scene.started(direct());
      await provider.enqueue([jobOf()]);
      await server.admin.script("FLUSH");
      await Promise.all(Array.from({ length: 50 }, (_, index) => provider.enqueue([jobOf({ priority: index })])));
      const claims = Array.from({ length: 51 }, () => provider.claim(claimOf({ limit: 1 })));
      await server.admin.script("FLUSH");
      const leases = (await Promise.all(claims)).flat();
      expect(await provider.ack(leases)).toEqual(leases.map(() => "ok"));
    });

    it("that flushes its append-only file at once and is killed loses nothing that was accepted", async () => {
      const provider = await scene.started(direct());
      const accepted: string[] = [];
      let killed: Promise<void> | undefined;
      const producers = Array.from({ length: 8 }, async () => {
        for (let n = 0; n < 200; n++) {
          const [result] = await untilDone(() => provider.enqueue([jobOf()]));
          if (result) accepted.push(result.id);
          if (accepted.length === 400) killed = server.kill().then(() => server.restart());
        }
      });
      await Promise.all(producers);
      await killed;
      const kept = new Set<string>();
      for (let cursor: string | undefined = ""; cursor !== undefined;) {
        const page = await untilDone(() => provider.list({ limit: 1_000, ...(cursor && { cursor }) }));
        for (const { id } of page.jobs) kept.add(id);
        cursor = page.cursor;
      }
      expect(killed).toBeDefined();
      expect(accepted.filter((id) => !kept.has(id))).toEqual([]);
      expect(scene.warnings.filter(({ code }) => code === "data-loss-suspected")).toEqual([]);
    });

    it("that sleeps longer than a call may take is called again", async () => {
      const provider = await scene.started({ ...direct(), commandTimeoutMs: 300 });
      const sleep = server.admin.call("DEBUG", "SLEEP", "1");
      await expect(provider.enqueue([jobOf()])).rejects.toMatchObject({
        code: "JW_STORE_UNAVAILABLE",
        retryable: true,
      });
      await sleep;
      await untilDone(() => provider.enqueue([jobOf()]));
      expect((await provider.counts())["mail"]?.ready).toBeGreaterThan(0);
    });

    it("that was flushed begins anew, says so once, and keeps no worker busy", async () => {
      const provider = await scene.started(direct());
      await provider.enqueue([jobOf()]);
      const lease = await claimOne(provider);
      await server.admin.flushall();
      expect(await provider.claim(claimOf())).toEqual([]);
      expect(await provider.ack([lease])).toEqual(["stale"]);
      expect(await provider.extend({ workerId: "w1", leaseMs: 1_000 })).toEqual([]);
      expect(await provider.promote(10)).toEqual({ promoted: 0, nextRunAt: undefined });
      expect(await provider.enqueue([jobOf()])).toMatchObject([{ outcome: "enqueued" }]);
      expect(scene.warnings.map(({ code }) => code)).toEqual(["data-loss-suspected"]);
      expect(provider.health()?.dataLossSuspected).toBe(true);
    });

    it("that went back to an older state is noticed", async () => {
      const provider = await scene.started(direct());
      await provider.enqueue([jobOf()]);
      await provider.enqueue([jobOf()]);
      await server.admin.hincrby("{jobwright}:meta", "op", -2);
      await provider.counts();
      await provider.counts();
      expect(scene.warnings).toMatchObject([
        { code: "data-loss-suspected", message: expect.stringContaining("back to") },
      ]);
    });

    it("whose data another history replaced is noticed", async () => {
      const provider = await scene.started(direct());
      await provider.enqueue([jobOf()]);
      await server.admin.hset("{jobwright}:meta", "born", "other", "op", 1_000);
      await provider.counts();
      expect(scene.warnings.map(({ code }) => code)).toEqual(["data-loss-suspected"]);
    });

    it("that is full refuses jobs, and still claims, settles and prunes them", async () => {
      const provider = await scene.started(direct());
      await provider.enqueue(Array.from({ length: 20 }, () => jobOf()));
      const [lease] = await provider.claim(claimOf({ limit: 1 }));
      await server.admin.config("SET", "maxmemory", "1");
      try {
        const error = { code: "JW_STORE_FULL", retryable: true };
        await expect(provider.enqueue([jobOf()])).rejects.toMatchObject(error);
        const full = await provider.claim(claimOf({ limit: 9 }));
        const [first, second, third, ...rest] = [lease, ...full];
        if (!first || !second || !third) throw new Error("nothing was claimed");
        expect(await provider.ack([{ ...first, output: "1" }])).toEqual(["ok"]);
        const { id, fence } = second;
        const reason = { name: "E", message: "m" };
        expect(await provider.nack([{ id, fence, outcome: "retry", delayMs: 5, error: reason }])).toEqual(["ok"]);
        expect(await provider.report([{ id: third.id, fence: third.fence, progress: 5 }])).toEqual(["ok"]);
        expect(await provider.extend({ workerId: "w1", leaseMs: 9_000 })).toHaveLength(rest.length + 1);
        expect(await provider.cancel(rest.map((held) => held?.id ?? ""))).toContain("requested");
        await provider.pause({ queue: "mail" });
        expect(await provider.prune({ retentionMs: { succeeded: 0 }, limit: 10 })).toBe(1);
        await expect(provider.enqueue([jobOf()])).rejects.toMatchObject(error);
      } finally {
        await server.admin.config("SET", "maxmemory", "0");
      }
      expect(await provider.enqueue([jobOf()])).toMatchObject([{ outcome: "enqueued" }]);
    });
  });

  /** Ids of the connections that listen. */
  async function subscribers(): Promise<readonly string[]> {
    const list = String(await server.admin.call("CLIENT", "LIST", "TYPE", "pubsub"));
    return [...list.matchAll(/^id=(\d+)/gm)].map(([, id]) => id ?? "");
  }
});
