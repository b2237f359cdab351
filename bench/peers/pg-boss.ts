import { PgBoss } from "pg-boss";
import type { Subject } from "../subject.ts";

/** Batches of 2,000 by two workers that fetch on while batches come back full, woken by NOTIFY: its best found. */
export async function pgBoss(connectionString: string): Promise<Subject> {
  const boss = new PgBoss({ connectionString, useListenNotify: true });
  boss.on("error", () => undefined);
  await boss.start();
  await boss.createQueue("measure", { notify: true });
  await boss.createQueue("others");
  return {
    async enqueue(payload) {
      await boss.send("measure", payload);
    },
    async enqueueMany(payloads) {
      await boss.insert(
        "measure",
        payloads.map((data) => ({ data })),
      );
    },
    async enqueueOthers(payloads) {
      await boss.insert(
        "others",
        payloads.map((data) => ({ data })),
      );
    },
    async startWorker(handled) {
      const options = { batchSize: 2_000, localConcurrency: 2, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
      await boss.work("measure", options, async (jobs) => {
        for (const _ of jobs) handled();
      });
    },
    async stop() {
      await boss.stop({ graceful: false });
    },
  };
}
