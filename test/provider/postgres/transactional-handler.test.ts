import { drizzle } from "drizzle-orm/node-postgres";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ClaimedJob, Settlement, TransactionResult } from "../../../runtime/contract/index.ts";
import type { PostgresProvider } from "../../../runtime/providers/postgres/index.ts";
import { describePostgres } from "../../support/postgres-suite.ts";
import { claimOf, createScene, leaseOf } from "./scene.ts";

/** What these handlers use of a transaction. */
interface Tx {
  execute(query: string): PromiseLike<unknown>;
  transaction(body: (tx: Tx) => Promise<void>): Promise<void>;
}

const places = ["its own pool", "the application's pool", "the application's Drizzle database"] as const;

describePostgres("a handler in a transaction on PostgreSQL", (given) => {
  const scene = createScene(given);
  beforeEach(() => scene.sql("create table orders (n integer)"));
  afterEach(async () => {
    await scene.end();
    await scene.sql("drop table orders");
  });

  const orders = async () => (await scene.sql("select n from orders")).length;

  function startedOn(place: (typeof places)[number]): Promise<PostgresProvider> {
    if (place === "its own pool") return scene.started({ connection: { max: 1 } });
    const pool = scene.pool({ max: 1 });
    return scene.started({ database: place === "the application's pool" ? pool : drizzle(pool) });
  }

  const run = (
    provider: PostgresProvider,
    lease: ClaimedJob,
    body: (tx: Tx) => Promise<TransactionResult>,
  ): Promise<Settlement> => provider.inTransaction(lease, body, { timeoutMs: 60_000 });

  /** What an order costs, and what comes of it. */
  async function order(tx: Tx): Promise<TransactionResult> {
    await tx.execute("insert into orders values (1)");
    return { output: '"ordered"' };
  }

  it.each(places)("on %s commits its writes with its completion", async (place) => {
    const provider = await startedOn(place);
    const lease = await leaseOf(provider);
    expect(await run(provider, lease, order)).toBe("ok");
    expect(await provider.get(lease.id)).toMatchObject({ state: "succeeded", output: '"ordered"' });
    expect(await orders()).toBe(1);
  });

  it.each(places)("on %s that is done already is undone", async (place) => {
    const provider = await startedOn(place);
    const lease = await leaseOf(provider);
    expect(await provider.ack([{ ...lease, output: '"first"' }])).toEqual(["ok"]);
    expect(await run(provider, lease, order)).toBe("alreadyDone");
    expect(await provider.get(lease.id)).toMatchObject({ state: "succeeded", output: '"first"' });
    expect(await orders()).toBe(0);
  });

  it.each(places)("on %s whose job was claimed again is undone, and the newer lease stays", async (place) => {
    const provider = await startedOn(place);
    const lease = await leaseOf(provider);
    await scene.sql(`update ${scene.tables}.jobs set lease_until = 0`);
    expect(await provider.reap(10)).toEqual({ readied: 1, ended: 0 });
    const [newer] = await provider.claim(claimOf());
    expect(await run(provider, lease, order)).toBe("stale");
    expect(await orders()).toBe(0);
    expect(newer && (await run(provider, newer, order))).toBe("ok");
    expect(await orders()).toBe(1);
  });

  it.each(places)("on %s that throws is undone; its error comes as it is, and its lease stays", async (place) => {
    const provider = await startedOn(place);
    const lease = await leaseOf(provider);
    const error = new Error("no stock");
    const call = run(provider, lease, async (tx) => {
      await order(tx);
      throw error;
    });
    await expect(call).rejects.toBe(error);
    expect(await orders()).toBe(0);
    expect(await provider.get(lease.id)).toMatchObject({ state: "running", fence: 1 });
    expect(await run(provider, lease, order)).toBe("ok");
  });

  it.each(places)("on %s whose query fails throws what its own code would see", async (place) => {
    const provider = await startedOn(place);
    const lease = await leaseOf(provider);
    let seen: unknown;
    const call = run(provider, lease, async (tx) => {
      try {
        await tx.execute("insert into nowhere values (1)");
      } catch (error) {
        seen = error;
        throw error;
      }
      return {};
    });
    const thrown = await call.catch((error: unknown) => error);
    expect(thrown).toBe(seen);
    expect(thrown).toMatchObject({ cause: { code: "42P01" } });
    expect(await provider.ack([lease])).toEqual(["ok"]);
  });

  it.each(places)("on %s whose job is to be cancelled is undone, and the job cancelled", async (place) => {
    const provider = await startedOn(place);
    const lease = await leaseOf(provider);
    expect(await provider.cancel([lease.id])).toEqual(["requested"]);
    expect(await run(provider, lease, order)).toBe("ok");
    const ended = { state: "cancelled", reason: "cancelled", output: undefined };
    expect(await provider.get(lease.id)).toMatchObject(ended);
    expect(await orders()).toBe(0);
  });

  it.each(places)("on %s that goes on after a failed query is told so, and fails for good", async (place) => {
    const provider = await startedOn(place);
    const lease = await leaseOf(provider);
    const call = run(provider, lease, async (tx) => {
      await order(tx);
      await Promise.resolve(tx.execute("select 1 / 0")).catch(() => undefined);
      return {};
    });
    await expect(call).rejects.toMatchObject({
      code: "JW_TRANSACTION_REQUIRED",
      retryable: false,
      message: expect.stringContaining("The handler"),
      hint: expect.stringContaining("tx.transaction"),
      cause: { code: "25P02" },
    });
    expect(await orders()).toBe(0);
    expect(await provider.ack([lease])).toEqual(["ok"]);
  });

  it.each(places)("on %s can catch what fails within a nested transaction", async (place) => {
    const provider = await startedOn(place);
    const lease = await leaseOf(provider);
    const settlement = await run(provider, lease, async (tx) => {
      await order(tx);
      const nested = tx.transaction(async (inner) => {
        await order(inner);
        await inner.execute("select 1 / 0");
      });
      await expect(nested).rejects.toThrow();
      return {};
    });
    expect(settlement).toBe("ok");
    expect(await orders()).toBe(1);
  });

  it("of an id that no job can have never runs", async () => {
    const provider = await scene.started();
    const lease = await leaseOf(provider);
    let runs = 0;
    const body = async (): Promise<TransactionResult> => {
      runs++;
      return {};
    };
    expect(await run(provider, { ...lease, id: "7" }, body)).toBe("stale");
    expect(runs).toBe(0);
  });
});
