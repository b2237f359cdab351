import { createClient, type JobClient } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { expect, it } from "vitest";
import { describePostgres } from "../support/postgres-suite.ts";
import { describeRedis } from "../support/redis-suite.ts";
import { descriptor, type Work } from "./descriptor.ts";
import { optionsOf, type Place, postgresPlace, redisPlace, sqlitePlace } from "./place.ts";
import { startWorkerProcess } from "./worker-process.ts";

/** What docs/guarantees.md promises: a lease of 30 s, a round of the reaper of up to 6 s, and something for busy machines. */
const promisedMs = 40_000;

/** How long a job of a killed worker waits for its next run, with another worker idle; Infinity: longer than promised. */
async function recovery(place: Place): Promise<number> {
  const workers = [1, 2].map(() => startWorkerProcess(place, "default", "defaults-process.ts"));
  const provider = await createProvider(place.url, optionsOf(place));
  try {
    const { work } = await createClient<{ readonly work: JobClient<Work, unknown> }>(descriptor, { provider });
    await Promise.all(workers.map((worker) => worker.seen(({ event }) => event === "ready")));
    const { id } = await work.enqueue({ do: "nothing", ms: 0, n: 1 });
    const begins = (fence: number) =>
      workers.map(async (worker) => {
        await worker.seen((event) => event.event === "started" && event.id === id && event.fence === fence);
        return worker;
      });
    const first = await Promise.race(begins(1));
    first.kill("SIGKILL");
    const killedAt = performance.now();
    let deadline: NodeJS.Timeout | undefined;
    const late = new Promise<number>((resolve) => (deadline = setTimeout(resolve, promisedMs, Infinity)));
    const again = Promise.race(begins(2)).then(() => performance.now() - killedAt);
    const waited = await Promise.race([again, late]);
    clearTimeout(deadline);
    if (Number.isFinite(waited)) await work.handle(id).result();
    return waited;
  } finally {
    for (const worker of workers) worker.kill("SIGKILL");
    await Promise.all(workers.map((worker) => worker.exited));
    await provider.stop();
    await place.remove();
  }
}

// All stores at once: what takes time is the wait.
describePostgres(
  "with all settings at their defaults",
  (postgres) => {
    describeRedis(
      "on every store",
      (redis) => {
        it("a job whose worker was killed runs again within 40 s", { timeout: 100_000 }, async () => {
          const places = {
            SQLite: sqlitePlace(),
            PostgreSQL: postgresPlace(postgres.url),
            Redis: redisPlace(redis.url),
          };
          const waits = Object.entries(places).map(async ([store, place]) => [store, await recovery(place)] as const);
          for (const [store, waited] of await Promise.all(waits)) {
            expect(waited, store).toBeLessThanOrEqual(promisedMs);
            // It was the lease that ran out, not something else that gave the job back.
            expect(waited, store).toBeGreaterThan(20_000);
          }
        });
      },
      { shared: true },
    );
  },
  { shared: true },
);
