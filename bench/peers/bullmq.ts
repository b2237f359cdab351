import { Queue, Worker } from "bullmq";
import type { Subject } from "../subject.ts";

/** As its documentation shows, finished jobs removed, 100 at a time. */
export function bullmq(url: string): Subject {
  const connection = { url, maxRetriesPerRequest: null };
  const queue = new Queue("measure", { connection, defaultJobOptions: { removeOnComplete: true } });
  const others = new Queue("others", { connection });
  let worker: Worker | undefined;
  return {
    async enqueue(payload) {
      await queue.add("measure", payload);
    },
    async enqueueMany(payloads) {
      await queue.addBulk(payloads.map((data) => ({ name: "measure", data })));
    },
    async enqueueOthers(payloads) {
      await others.addBulk(payloads.map((data) => ({ name: "other", data })));
    },
    startWorker(handled) {
      worker = new Worker("measure", async () => handled(), { connection, concurrency: 100 });
    },
    async stop() {
      await worker?.close(true);
      await Promise.all([queue.close(), others.close()]);
    },
  };
}
