import { sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { JobwrightError, type Settlement } from "../../runtime/contract/index.ts";
import { postgres, type PostgresProvider } from "../../runtime/providers/postgres/index.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { Snooze } from "../../runtime/worker/outcomes.ts";
import type { TransactionalContext, Worker, WorkerOptions } from "../../runtime/worker/types.ts";
import { runSql } from "../support/postgres-server.ts";
import { describePostgres, dropSchema, newSchemaName } from "../support/postgres-suite.ts";
import { type Client, clientOf, createSignal, describeJobs, type Numbered, retries, workerOf } from "./fixture.ts";

const descriptor = describeJobs({ work: { transactional: true, output: z.number(), retry: retries(3) } });

/** As a generated handler type would say it. */
type Tx = NodePgDatabase;
type TransactionalHandler = (input: Numbered, context: TransactionalContext<Tx>) => Promise<number>;

describePostgres(
  "a transactional attempt",
  (given) => {
    let schema: string;
    let provider: PostgresProvider;
    let client: Client;
    let worker: Worker | undefined;

    beforeEach(async () => {
      schema = newSchemaName();
      provider = postgres({ url: given.url, schema });
      client = await clientOf(provider, descriptor);
      await runSql(given.url, `create table "${schema}".written (n integer)`);
    });

    afterEach(async () => {
      await worker?.stop();
      worker = undefined;
      await provider.stop();
      await dropSchema(given.url, schema);
    });

    async function work(handler: TransactionalHandler, options: Partial<WorkerOptions<object>> = {}): Promise<void> {
      // The runtime's handler type knows nothing of transactions; generated types do.
      const untyped = (input: Numbered, context: unknown): unknown =>
        handler(input, context as TransactionalContext<Tx>);
      worker = await workerOf(provider, descriptor, { work: untyped }, options);
      await worker.start();
    }

    const write = (tx: Tx, n: number): Promise<unknown> =>
      tx.execute(sql`insert into ${sql.identifier(schema)}.written values (${n})`);

    async function written(): Promise<readonly number[]> {
      const rows = await runSql<{ n: number }>(given.url, `select n from "${schema}".written order by n`);
      return rows.map(({ n }) => n);
    }

    it("commits what the handler wrote with its result", async () => {
      await work(async ({ n }, { tx }) => {
        await write(tx, n);
        return n * 2;
      });
      const handle = await client.work.enqueue({ n: 21 });
      expect(await handle.result()).toBe(42);
      expect(await written()).toEqual([21]);
      expect(await worker?.stop()).toEqual({ succeeded: 1, failed: 0, released: 0 });
    });

    it("gets a job of an older version upgraded, and ends one that cannot be, without a retry", async () => {
      const upgrade = ({ n }: Numbered): Numbered => {
        if (n < 0) throw new RangeError("negative");
        return { n: n * 10 };
      };
      const newer = describeJobs({
        work: { transactional: true, output: z.number(), version: 2, upgrade: { 1: upgrade } },
      });
      const [fine, broken] = await client.work.enqueueMany([{ n: 1 }, { n: -1 }]);
      const handler: TransactionalHandler = async ({ n }, { tx }) => {
        await write(tx, n);
        return n;
      };
      worker = await workerOf(provider, newer, { work: handler as never }); // as `work` above does
      await worker.start();
      expect(await fine?.result()).toBe(10);
      expect(await broken?.settled()).toMatchObject({ status: "dead", reason: "not-upgradable" });
      expect(await written()).toEqual([10]);
    });

    it("undoes what a failed attempt wrote, and counts the attempt", async () => {
      await work(async (_input, { tx, attempt }) => {
        await write(tx, attempt);
        if (attempt < 3) throw new Error("not yet");
        return attempt;
      });
      const handle = await client.work.enqueue({ n: 1 });
      expect(await handle.result()).toBe(3);
      expect(await written()).toEqual([3]);
    });

    it("undoes what was written with an output that does not fit", async () => {
      await work(async ({ n }, { tx }) => {
        await write(tx, n);
        return "text" as unknown as number; // what the compiler would refuse
      });
      const handle = await client.work.enqueue({ n: 1 });
      await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_DEAD" });
      expect(await written()).toEqual([]);
    });

    it("undoes what was written before a snooze, which counts as no attempt", async () => {
      let runs = 0;
      await work(async ({ n }, { tx, attempt }) => {
        await write(tx, n);
        if (++runs === 1) throw new Snooze(0);
        return attempt;
      });
      const handle = await client.work.enqueue({ n: 5 });
      expect(await handle.result()).toBe(1);
      expect(await written()).toEqual([5]);
    });

    it("undoes what was written after the job was cancelled", async () => {
      const started = createSignal();
      const go = createSignal();
      await work(async ({ n }, { tx }) => {
        await write(tx, n);
        started.fire();
        await go.promise;
        return n;
      });
      const handle = await client.work.enqueue({ n: 1 });
      await started.promise;
      expect(await handle.cancel()).toBe("requested");
      go.fire();
      await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_CANCELLED" });
      expect(await written()).toEqual([]);
    });

    it("undoes what was written past the timeout", async () => {
      const timed = describeJobs({
        work: { transactional: true, output: z.number(), timeoutMs: 50, retry: retries(1) },
      });
      worker = await workerOf(provider, timed, {
        work: async ({ n }, context) => {
          const { tx, signal } = context as TransactionalContext<Tx>;
          await write(tx, n);
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          return n;
        },
      });
      await worker.start();
      const handle = await client.work.enqueue({ n: 1 });
      await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_DEAD" });
      await worker.stop();
      expect(await written()).toEqual([]);
    });

    it("runs again, uncounted, when the store failed around the handler", async () => {
      let failures = 0;
      const failing: PostgresProvider = {
        ...provider,
        inTransaction(lease, body, limits): Promise<Settlement> {
          if (failures++ > 0) return provider.inTransaction(lease, body, limits);
          return Promise.reject(new JobwrightError("JW_STORE_UNAVAILABLE", "no connection", { retryable: true }));
        },
      };
      worker = await workerOf(failing, descriptor, { work: (_input, { attempt }) => attempt });
      await worker.start();
      const handle = await client.work.enqueue({ n: 1 });
      expect(await handle.result()).toBe(1);
    });
  },
  { shared: true },
);

describe("a worker on a provider without transactions", () => {
  it("refuses a transactional job, and says what to do", async () => {
    const provider = createMemoryProvider();
    await expect(workerOf(provider, descriptor, { work: () => 1 })).rejects.toMatchObject({
      code: "JW_INVALID_OPTION",
      message: expect.stringContaining("work is transactional"),
      hint: expect.stringContaining("PostgreSQL"),
    });
  });
});
