/** Prints what a waiting job with a payload of 200 bytes costs Redis: `npx tsx bench/redis-memory.ts [jobs]`. */
import { redis } from "../runtime/providers/redis/index.ts";
import { createUuidV7 } from "../runtime/core/uuid.ts";
import { startRedis } from "../test/support/redis-server.ts";

const total = Number(process.argv[2] ?? 100_000);
const batch = 1_000;
const server = await startRedis();
const provider = redis({ url: server.url, onWarning: () => {} });
await provider.start();

async function usedMemory(): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await server.admin.info("memory"))?.[1]);
}

const newId = createUuidV7();
const payload = JSON.stringify({ text: "x".repeat(189) });
const before = await usedMemory();
const startedAt = performance.now();
for (let done = 0; done < total; done += batch) {
  await provider.enqueue(
    Array.from({ length: batch }, () => ({
      id: newId(),
      name: "sendEmail",
      queue: "mail",
      version: 1,
      priority: 0,
      maxCrashes: 3,
      payload,
    })),
  );
}
const seconds = (performance.now() - startedAt) / 1_000;
const bytes = ((await usedMemory()) - before) / total;
console.log(`${total} waiting jobs, payload ${payload.length} B: ${bytes.toFixed(0)} B per job`);
console.log(`enqueued in batches of ${batch}: ${Math.round(total / seconds)} jobs/s`);

const handles = [{ name: "sendEmail", maxVersion: 1 }];
const claimedAt = performance.now();
let claims = 0;
let settled = 0;
for (;;) {
  const lanes = [{ queue: "mail", limit: 100, handles }];
  const jobs = await provider.claim({ claimId: String(++claims), workerId: "w", leaseMs: 30_000, lanes });
  if (jobs.length === 0) break;
  settled += (await provider.ack(jobs)).length;
}
console.log(
  `claimed and acked by 100, one caller: ${Math.round(settled / ((performance.now() - claimedAt) / 1_000))} jobs/s`,
);
console.log(/cmdstat_evalsha:.*/.exec(await server.admin.info("commandstats"))?.[0]);
await provider.stop();
await server.stop();
