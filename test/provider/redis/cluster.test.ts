import { Cluster } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RedisProvider } from "../../../runtime/providers/redis/index.ts";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.ts";
import { keysOf, noServer } from "../../support/redis-server.ts";
import { claimOf, createScene, jobOf, until, untilDone } from "./scene.ts";

const suite = `Redis Cluster${noServer ? ` (left out: ${noServer})` : ""}`;

describe.skipIf(noServer)(suite, () => {
  const scene = createScene();
  let cluster: RedisCluster;
  const nodes = () => ({ nodes: cluster.nodes });

  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterEach(async () => {
    await scene.end();
    await Promise.all(cluster.members.map(({ admin }) => admin.flushall()));
  });
  afterAll(() => cluster?.stop());

  async function enqueueMany(provider: RedisProvider, many: number): Promise<readonly string[]> {
    const jobs = Array.from({ length: many }, () => jobOf());
    await Promise.all(jobs.map((job) => untilDone(() => provider.enqueue([job]))));
    return jobs.map(({ id }) => id);
  }

  /** Claims and acks until the queue is empty; the ids of what was settled. */
  async function work(provider: RedisProvider): Promise<readonly string[]> {
    const settled: string[] = [];
    for (;;) {
      const request = claimOf({ limit: 20 });
      const leases = await untilDone(() => provider.claim(request));
      if (leases.length === 0) return settled;
      await untilDone(() => provider.ack(leases));
      settled.push(...leases.map(({ id }) => id));
    }
  }

  /**
   * A claim that was given up for late may be carried out after its repetition has been settled, and then takes other jobs.
   * A worker finds such leases at its heartbeat, as here.
   */
  async function orphans(provider: RedisProvider): Promise<readonly string[]> {
    const held = await provider.extend({ workerId: "w1", leaseMs: 30_000 });
    await provider.ack(held);
    return held.map(({ id }) => id);
  }

  it("is found from one of its nodes, whichever holds the keys", async () => {
    const owner = await cluster.ownerOf("jobwright");
    for (const member of cluster.members) {
      const provider = await scene.started({ nodes: [member.url] });
      const [id] = await enqueueMany(provider, 1);
      expect(await work(provider)).toEqual([id]);
    }
    const holders = await Promise.all(cluster.members.map(({ admin }) => admin.dbsize()));
    expect(cluster.members.filter((_member, index) => (holders[index] ?? 0) > 0)).toEqual([owner]);
  });

  it("keeps all keys of a namespace in one slot, and namespaces in their own", async () => {
    const namespaces = ["one", "two", "three", "four"];
    for (const namespace of namespaces) {
      const provider = await scene.started({ ...nodes(), namespace });
      await provider.enqueue([jobOf({ payload: "x".repeat(2_000) }), jobOf({ delayMs: 9_000 }), jobOf(), jobOf()]);
      const [first, second] = await provider.claim(claimOf({ limit: 3 }));
      if (!first || !second) throw new Error("nothing was claimed");
      await provider.ack([{ ...first, output: "1" }]);
      const error = { name: "E", message: "m" };
      const { id, fence } = second;
      await provider.nack([{ id, fence, outcome: "dead", reason: "attempts-exhausted", error }]);
      await provider.pause({ queue: "mail" });
      await provider.pause({ name: "mail" });
      const unique = { key: "k", scope: "any", onConflict: "replace", forMs: 60_000 } as const;
      const [holder] = await provider.enqueue([jobOf({ unique }), jobOf({ unique, version: 2 })]);
      await provider.putSchedules([{ key: "daily", name: "mail", spec: "", nextAt: 1 }]);
      const slot = { key: "daily", spec: "", expectedAt: 1, slotAt: 1, nextAt: 2, jobs: [jobOf({ unique })] };
      expect(await provider.fireSchedule(slot)).toMatchObject({ outcome: "fired", results: [{ id: holder?.id }] });
      await provider.cancel([holder?.id ?? ""]);
      await provider.prune({ retentionMs: { cancelled: 0 }, limit: 10 });
    }
    for (const namespace of namespaces) {
      const { admin } = await cluster.ownerOf(namespace);
      const keys = await keysOf(admin, namespace);
      const slots = await Promise.all(keys.map((key) => admin.cluster("KEYSLOT", key)));
      expect(keys.length).toBeGreaterThan(12);
      expect(new Set(slots).size).toBe(1);
    }
    const sizes = await Promise.all(cluster.members.map(({ admin }) => admin.dbsize()));
    expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(1);
  });

  it("is used through the application's own client, which stays open", async () => {
    const client = new Cluster([...cluster.nodes]);
    const provider = await scene.started({ client });
    const ids = await enqueueMany(provider, 50);
    expect(await work(provider)).toEqual(ids);
    await provider.stop();
    expect(await client.ping()).toBe("PONG");
    client.disconnect();
  });

  it("carries wake-ups and settlements between processes", async () => {
    const [one, other] = [await scene.started(nodes()), await scene.started(nodes())];
    let wakes = 0;
    one.notifier?.subscribe(["mail"], () => wakes++);
    await until(() => wakes > 0);
    const before = wakes;
    const [id = ""] = await enqueueMany(other, 1);
    await until(() => wakes > before);
    const settled = other.awaitSettled(id);
    await work(one);
    expect(await settled).toMatchObject({ id, state: "succeeded" });
  });

  it("loses and doubles nothing while its slot moves to another node", async () => {
    const provider = await scene.started({ ...nodes(), commandTimeoutMs: 500 });
    const accepted = [...(await enqueueMany(provider, 200))];
    const source = await cluster.ownerOf("jobwright");
    const move = await cluster.move("jobwright");
    // At first no key has left, then one kind after the other has: a call must be done wholly or not at all.
    const traffic = Promise.all([enqueueMany(provider, 20), work(provider), provider.counts().catch(() => {})]);
    const request = claimOf({ limit: 5, workerId: "w2" });
    for (const key of ["none", "counts", "index", "worker:w1", "leases", "jobs", "lanes", "meta"]) {
      await move.take([`{jobwright}:${key}`]);
      await provider.claim(request).then(
        () => expect.unreachable("a claim between two nodes was answered"),
        (error: unknown) => expect(error).toMatchObject({ code: "JW_STORE_UNAVAILABLE", retryable: true }),
      );
    }
    await move.finish();
    const [late, settled] = await traffic;
    accepted.push(...late);
    // What was asked in vain may have been carried out since: the same claim gives those jobs.
    const leases = await untilDone(() => provider.claim(request));
    await provider.ack(leases);
    const all = [...settled, ...leases.map(({ id }) => id), ...(await work(provider)), ...(await orphans(provider))];
    expect(await cluster.ownerOf("jobwright")).not.toBe(source);
    expect(all.length).toBe(new Set(all).size);
    expect(all.toSorted()).toEqual(accepted.toSorted());
    expect(await provider.counts()).toEqual({ mail: { succeeded: accepted.length } });
    expect(scene.warnings.filter(({ code }) => code === "data-loss-suspected")).toEqual([]);
  });

  it("goes on after the node that holds its keys was killed and started again", async () => {
    const provider = await scene.started({ ...nodes(), commandTimeoutMs: 500 });
    const accepted = await enqueueMany(provider, 50);
    const owner = await cluster.ownerOf("jobwright");
    await owner.kill();
    await expect(provider.enqueue([jobOf()])).rejects.toMatchObject({ code: "JW_STORE_UNAVAILABLE", retryable: true });
    await owner.restart();
    const settled = [...(await work(provider)), ...(await orphans(provider))];
    expect(accepted.filter((id) => !settled.includes(id))).toEqual([]);
    expect(scene.warnings.filter(({ code }) => code === "data-loss-suspected")).toEqual([]);
  });
});
