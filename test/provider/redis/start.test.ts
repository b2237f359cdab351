import { Cluster, Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { loadDriver } from "../../../runtime/providers/redis/driver.ts";
import { redis } from "../../../runtime/providers/redis/index.ts";
import { freePort, keysOf, noServer, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { startProxy } from "../../support/redis-proxy.ts";
import { claimOf, createScene, jobOf } from "./scene.ts";

const suite = `starting the Redis provider${noServer ? ` (left out: ${noServer})` : ""}`;

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
    await server.admin.config("SET", "maxmemory-policy", "noeviction");
  });
  afterAll(() => server?.stop());

  it("is harmless when it is called again, and at once by many", async () => {
    const all = [scene.open(direct()), scene.open(direct()), scene.open(direct())];
    await Promise.all(all.flatMap((provider) => [provider.start(), provider.start()]));
    expect(await all[0]?.migrate()).toEqual({ from: 3, to: 3 });
  });

  it("refuses a server that may evict jobs, unless the application accepts that", async () => {
    await server.admin.config("SET", "maxmemory-policy", "allkeys-lru");
    await expect(scene.started(direct())).rejects.toMatchObject({
      code: "JW_STORE_UNSAFE",
      message: expect.stringContaining("allkeys-lru"),
      hint: expect.stringContaining("unsafeAllowEviction"),
    });
    expect(await server.admin.dbsize()).toBe(0);
    await scene.started({ ...direct(), unsafeAllowEviction: true });
    expect(scene.warnings.map(({ code }) => code)).toContain("eviction");
  });

  it("warns of a server without an append-only file, and not of one with it", async () => {
    const provider = await scene.started(direct());
    expect(scene.warnings.map(({ code }) => code)).toEqual(["no-persistence"]);
    expect(provider.health()).toMatchObject({ persistence: "snapshots", dataLossSuspected: false });
    await server.admin.config("SET", "appendonly", "yes");
    const safe = await scene.started(direct());
    await server.admin.config("SET", "appendonly", "no");
    expect(safe.health()?.persistence).toBe("aof");
    expect(scene.warnings).toHaveLength(1);
  });

  it.each([
    ["the marker", "meta", "hash"],
    ["the marker", "meta", "string"],
    ["a set of jobs", "scheduled", "string"],
    ["a set of jobs", "jobs", "hash"],
  ])("refuses a namespace in which %s (%s) is somebody else's %s, and changes nothing", async (_what, name, type) => {
    const key = `{jobwright}:${name}`;
    await (type === "hash" ? server.admin.hset(key, "a", "1") : server.admin.set(key, "1"));
    const before = await server.admin.dump(key);
    const error = { code: "JW_STORE_FOREIGN", hint: expect.stringContaining("namespace") };
    await expect(scene.started(direct())).rejects.toMatchObject(error);
    expect(await keysOf(server.admin, "jobwright")).toEqual([key]);
    expect(await server.admin.dump(key)).toBe(before);
  });

  it("refuses a store that a newer jobwright has made", async () => {
    await scene.started(direct());
    await server.admin.hset("{jobwright}:meta", "version", "999");
    for (const migrate of [true, false]) {
      await expect(scene.started({ ...direct(), migrate })).rejects.toMatchObject({
        code: "JW_SCHEMA_NEWER",
        message: expect.stringContaining("999"),
      });
    }
  });

  it("refuses calls when a newer jobwright takes the store over meanwhile", async () => {
    const provider = await scene.started(direct());
    await server.admin.hset("{jobwright}:meta", "version", "999");
    await expect(provider.enqueue([jobOf()])).rejects.toMatchObject({ code: "JW_SCHEMA_NEWER" });
    expect(await keysOf(server.admin, "jobwright")).toEqual(["{jobwright}:meta"]);
  });

  it("refuses a namespace without a store when it may not make one", async () => {
    await expect(scene.started({ ...direct(), migrate: false })).rejects.toMatchObject({ code: "JW_SCHEMA_MISSING" });
    expect(await server.admin.dbsize()).toBe(0);
    await scene.started(direct());
    await scene.started({ ...direct(), migrate: false });
  });

  it("keeps namespaces apart", async () => {
    const [one, two] = [
      await scene.started({ ...direct(), namespace: "one" }),
      await scene.started({ ...direct(), namespace: "two" }),
    ];
    await one.enqueue([jobOf()]);
    expect(await two.claim(claimOf())).toEqual([]);
    expect(await one.claim(claimOf())).toHaveLength(1);
  });

  it("uses a client of the application, whatever its replies look like, and leaves it open", async () => {
    const client = new Redis(server.port, { stringNumbers: true, enableAutoPipelining: true });
    const provider = await scene.started({ client });
    const job = jobOf({ priority: -3 });
    await provider.enqueue([job]);
    const [lease] = await provider.claim(claimOf());
    expect(lease).toMatchObject({ id: job.id, fence: 1, priority: -3, attempt: 1 });
    expect(await provider.counts()).toEqual({ mail: { running: 1 } });
    provider.notifier?.subscribe(["mail"], () => {});
    expect(provider.leaseThread).toBeUndefined();
    await provider.stop();
    expect(await client.ping()).toBe("PONG");
    client.disconnect();
  });

  it("refuses a client with a key prefix", async () => {
    const client = new Redis(server.port, { keyPrefix: "app:" });
    await expect(scene.started({ client })).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
    client.disconnect();
  });

  it("says within its time limit that nobody is there", async () => {
    const provider = scene.open({ url: `redis://127.0.0.1:${await freePort()}`, commandTimeoutMs: 200 });
    const error = { code: "JW_STORE_UNAVAILABLE", retryable: true, message: expect.stringContaining("127.0.0.1") };
    await expect(provider.start()).rejects.toMatchObject(error);
  });

  it("says the same of a cluster of which no node is there", async () => {
    const nodes = [`redis://127.0.0.1:${await freePort()}`];
    await expect(scene.open({ nodes, commandTimeoutMs: 200 }).start()).rejects.toMatchObject({
      code: "JW_STORE_UNAVAILABLE",
      retryable: true,
    });
  });

  it.each([
    { what: "a password is wrong", given: () => ({ url: server.url.replace("//", "//:hunter2@") }) },
    { what: "a password is missing", given: direct },
    {
      what: "a cluster's password is wrong",
      given: () => ({ nodes: [server.url], connection: { password: "hunter2" } }),
    },
  ])("says at once that $what, and does not show it", async ({ given }) => {
    await server.admin.config("SET", "requirepass", "secret");
    try {
      // Longer than this test may take: waiting does not help.
      const opening = scene.started({ ...given(), commandTimeoutMs: 600_000 });
      const error: unknown = await opening.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: "JW_STORE_UNAVAILABLE",
        retryable: false,
        message: expect.stringContaining("credentials"),
      });
      expect(String(error)).not.toContain("hunter2");
    } finally {
      await server.admin.config("SET", "requirepass", "");
    }
  });

  it("refuses a server that is too old", async () => {
    const proxy = await startProxy(server.port);
    proxy.alter = (text) => text.replace(/redis_version:\d+\.\d/, "redis_version:6.1");
    await expect(scene.started({ url: `redis://127.0.0.1:${proxy.port}` })).rejects.toMatchObject({
      code: "JW_STORE_UNSUPPORTED",
      message: expect.stringContaining("6.1"),
      hint: expect.stringContaining("6.2"),
    });
    expect(await server.admin.dbsize()).toBe(0);
    await proxy.close();
  });

  it("refuses a replica, which cannot be written", async () => {
    const replica = await startRedis("--replicaof", `127.0.0.1 ${server.port}`);
    try {
      await expect(scene.started({ url: replica.url })).rejects.toMatchObject({ code: "JW_STORE_READONLY" });
    } finally {
      await scene.end();
      await replica.stop();
    }
  });
});

describe("the Redis provider", () => {
  it("names the package to install when its driver is missing", () => {
    const load = (): never => {
      throw new Error("Cannot find module 'ioredis'");
    };
    expect(() => loadDriver(load)).toThrow(
      expect.objectContaining({ code: "JW_DRIVER_MISSING", hint: "Run `npm install ioredis`." }),
    );
  });

  it.each(["my secret", "secret:6379", "redis:secret@localhost", "http://secret@localhost"])(
    "refuses %s, which is no URL of a Redis server, without showing it",
    (url) => {
      expect(() => redis(url)).toThrow(expect.objectContaining({ code: "JW_INVALID_OPTION" }));
      expect(() => redis(url)).not.toThrow(/secret/);
    },
  );

  it("connects to nothing before it is started", () => {
    expect(redis().health()).toBeUndefined();
    const client = new Cluster([{ port: 1 }], { lazyConnect: true });
    expect(redis({ client }).capabilities).toEqual({ transactions: "none", durable: true, reach: "network" });
    client.disconnect();
  });
});
