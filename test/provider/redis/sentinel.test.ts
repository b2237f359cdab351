import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RedisOptions } from "../../../runtime/providers/redis/index.ts";
import { noSentinel, type SentinelSet, startSentinels } from "../../support/redis-sentinel.ts";
import { clientOf, createSignal, describeJobs, retries, workerOf } from "../../worker/fixture.ts";
import { createScene, untilDone } from "./scene.ts";

const descriptor = describeJobs({ work: { retry: retries(5) } });
const numbers = (count: number, from = 0): { n: number }[] =>
  Array.from({ length: count }, (_, n) => ({ n: n + from }));

describe.skipIf(noSentinel)(noSentinel ? `Redis Sentinel (left out: ${noSentinel})` : "Redis Sentinel", () => {
  const scene = createScene();
  let set: SentinelSet;
  let own: Redis | undefined;

  beforeEach(async () => {
    set = await startSentinels();
  });
  afterEach(async () => {
    await scene.end();
    own?.disconnect();
    await set.stop();
  });

  const given: Readonly<Record<string, () => RedisOptions>> = {
    "a connection of the provider's own": () => ({ connection: set.connection }),
    "the application's client": () => {
      own = new Redis({ ...set.connection, reconnectOnError: (error) => error.message.includes("READONLY") });
      own.on("error", () => undefined);
      return { client: own };
    },
  };

  it.each(Object.entries(given))(
    "on %s, keeps every job that was replicated when the primary is killed, and workers go on",
    async (_whose, options) => {
      const [primary, replica] = set.servers;
      const provider = await scene.started(options());
      const client = await clientOf(provider, descriptor);
      const [begun, goOn] = [createSignal(), createSignal()];
      const ended = new Set<number>();
      const work = async ({ n }: { readonly n: number }): Promise<void> => {
        begun.fire();
        await goOn.promise;
        ended.add(n);
      };
      const worker = await workerOf(provider, descriptor, { work }, { concurrency: 5 });
      await worker.start();
      const before = await client.work.enqueueMany(numbers(50));
      await begun.promise;
      await set.replicated();
      await primary.kill();
      await set.leads(replica);
      const id = "0196f000-0000-7000-8000-000000000001";
      const after = await untilDone(() => client.work.enqueue({ n: 50 }, { id }));
      goOn.fire();
      for (const handle of [...before, after]) {
        expect(await untilDone(() => handle.settled())).toMatchObject({ status: "succeeded" });
      }
      expect([...ended].sort((a, b) => a - b)).toEqual(numbers(51).map(({ n }) => n));
      await worker.stop();
      expect(await replica.admin.exists("{jobwright}:meta")).toBe(1);
    },
  );

  it("goes on through a failover and back again while jobs come in, the old primary being a replica", async () => {
    const [first, second] = set.servers;
    const provider = await scene.started({ connection: set.connection });
    const client = await clientOf(provider, descriptor);
    const ended = new Set<number>();
    const work = ({ n }: { readonly n: number }): void => void ended.add(n);
    const worker = await workerOf(provider, descriptor, { work }, { concurrency: 5 });
    await worker.start();
    const rounds = [second, first];
    for (const [round, next] of rounds.entries()) {
      await set.failOver();
      await set.leads(next);
      // As if nobody had noticed: the first calls may meet the old primary, which refuses them.
      const ids = numbers(20, round * 20).map(
        ({ n }) => [n, `0196f000-0000-7000-8000-${String(n).padStart(12, "0")}`] as const,
      );
      for (const [n, id] of ids) await untilDone(() => client.work.enqueue({ n }, { id }));
      for (const [, id] of ids) await untilDone(() => client.work.handle(id).settled());
    }
    expect(ended.size).toBe(40);
    await worker.stop();
  });
});
