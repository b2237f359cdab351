import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Firing, NewSchedule } from "../../../runtime/contract/index.ts";
import { packScheduleKey, unpackScheduleKey } from "../../../runtime/providers/redis/ids.ts";
import { keysOf, noServer, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { type RedisProxy, startProxy } from "../../support/redis-proxy.ts";
import { claimOne, createScene, jobOf, untilDone } from "./scene.ts";

const suite = `schedules in Redis${noServer ? ` (left out: ${noServer})` : ""}`;

function schedule(given: Partial<NewSchedule> = {}): NewSchedule {
  return { key: "daily", name: "mail", spec: "0 9 * * *", nextAt: 1_000, ...given };
}

function firing(given: Partial<Firing> = {}): Firing {
  return {
    key: "daily",
    spec: "0 9 * * *",
    expectedAt: 1_000,
    slotAt: 1_000,
    jobs: [jobOf()],
    nextAt: 2_000,
    ...given,
  };
}

describe("keys of schedules", () => {
  const characters = fc.constantFrom("a", "B", "~", "é", "\ud7ff", "\ue000", "\uffff", "🐎", "\u{10ffff}", "\0");
  const keys = fc.oneof(fc.string({ unit: characters }), fc.string({ unit: "binary" }));

  it("come back as they were", () => {
    fc.assert(fc.property(keys, (key) => unpackScheduleKey(packScheduleKey(key)) === key));
  });

  it("sort by their bytes as the keys do by code unit", () => {
    const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        const [packedA, packedB] = [a, b].map((key) => Buffer.from(packScheduleKey(key)));
        expect(packedA && packedB && Buffer.compare(packedA, packedB)).toBe(order(a, b));
      }),
    );
  });
});

describe.skipIf(noServer)(suite, () => {
  const scene = createScene();
  let server: RedisServer;
  let proxy: RedisProxy;
  const direct = () => ({ url: server.url });
  const proxied = () => ({ url: `redis://127.0.0.1:${proxy.port}`, commandTimeoutMs: 300 });

  beforeAll(async () => {
    server = await startRedis();
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

  it("leave nothing behind when they are removed, whatever became of them", async () => {
    const provider = await scene.started(direct());
    await provider.putSchedules(["a", "b", "c", "d"].map((key) => schedule({ key })));
    await provider.putSchedules([schedule({ key: "a", name: "report", spec: "new" })]);
    await provider.pauseSchedule("b");
    await provider.fireSchedule(firing({ key: "c", nextAt: undefined, jobs: [] }));
    await provider.pauseSchedule("d");
    await provider.resumeSchedule("d", 5_000);
    await provider.pause({ name: "mail" });
    await provider.resume({ name: "mail" });
    expect(await provider.dueSchedules({ names: ["mail", "report"], limit: 1 })).toMatchObject({ due: [{ key: "a" }] });
    expect(await provider.removeSchedules(["a", "b", "c", "d"])).toEqual([true, true, true, true]);
    expect(await keysOf(server.admin, "jobwright")).toEqual(["{jobwright}:meta"]);
  });

  it("are due in one order over all names, however few are asked for", async () => {
    const provider = await scene.started(direct());
    const all = Array.from({ length: 60 }, (_, n) =>
      schedule({ key: `k${(n * 37) % 60}`, name: `name${n % 7}`, nextAt: 1_000 + (n % 5) }),
    );
    await provider.putSchedules(all);
    const order = (a: NewSchedule, b: NewSchedule): number =>
      (a.nextAt ?? 0) - (b.nextAt ?? 0) || (a.key < b.key ? -1 : 1);
    const wanted = all.toSorted(order).map(({ key }) => key);
    const names = Array.from({ length: 7 }, (_, n) => `name${n}`);
    for (const limit of [1, 7, 59, 100]) {
      const { due, nextAt } = await provider.dueSchedules({ names, limit });
      expect(due.map(({ key }) => key)).toEqual(wanted.slice(0, limit));
      expect(nextAt).toBe(limit < 60 ? all.toSorted(order)[limit]?.nextAt : undefined);
    }
  });

  it("fire once, with all jobs of the slot, when the reply is lost", async () => {
    const provider = await scene.started(proxied());
    await provider.putSchedules([schedule()]);
    await provider.fireSchedule(firing({ key: "none" })); // the server knows the script
    const jobs = [jobOf(), jobOf({ unique: { key: "k", scope: "live", onConflict: "ignore" } })];
    proxy.mode = "mute";
    const call = provider.fireSchedule(firing({ jobs }));
    await proxy.withheld();
    proxy.cut();
    proxy.mode = "pass";
    const result = await untilDone(() => call.catch(() => provider.fireSchedule(firing({ jobs }))));
    expect(result).toEqual({ outcome: "lost" });
    expect(await provider.counts()).toEqual({ mail: { ready: 2 } });
    expect((await provider.schedules()).schedules).toMatchObject([{ nextAt: 2_000, lastAt: 1_000 }]);
  });

  it("neither fire nor move while the store is full, and can be paused and removed then", async () => {
    const provider = await scene.started(direct());
    await provider.putSchedules([schedule(), schedule({ key: "hourly" })]);
    await server.admin.config("SET", "maxmemory", "1");
    try {
      await expect(provider.fireSchedule(firing())).rejects.toMatchObject({ code: "JW_STORE_FULL", retryable: true });
      expect(await provider.pauseSchedule("hourly")).toBe(true);
      expect(await provider.resumeSchedule("hourly", 9_000)).toBe(true);
      expect(await provider.removeSchedules(["hourly"])).toEqual([true]);
    } finally {
      await server.admin.config("SET", "maxmemory", "0");
    }
    expect((await provider.schedules()).schedules).toMatchObject([{ nextAt: 1_000, lastAt: undefined }]);
    expect(await provider.fireSchedule(firing())).toMatchObject({ outcome: "fired" });
    expect((await claimOne(provider)).fence).toBe(1);
  });
});
