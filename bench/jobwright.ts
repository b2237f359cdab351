import { createProvider } from "jobwright/provider";
import { createJobs, createWorker } from "./generated/index.ts";
import type { Subject } from "./subject.ts";

/** What a worker takes at once if nothing is said. */
const defaultConcurrency = 10;

/** Default settings, `full` durability on SQLite among them, unless a concurrency is given. */
export async function jobwright(location: string, concurrency?: number): Promise<Subject> {
  const provider = await createProvider(location);
  const jobs = await createJobs({ provider });
  let stopWorker: (() => Promise<unknown>) | undefined;
  return {
    async enqueue(payload) {
      await jobs.measure.enqueue(payload);
    },
    async enqueueMany(payloads) {
      await jobs.measure.enqueueMany(payloads);
    },
    async enqueueOthers(payloads) {
      await jobs.other.enqueueMany(payloads);
    },
    async startWorker(handled) {
      const worker = await createWorker({
        provider,
        handlers: { measure: () => handled(), gather: () => undefined },
        queues: { default: concurrency ?? defaultConcurrency },
      });
      stopWorker = () => worker.stop();
      await worker.start();
    },
    async stop() {
      await stopWorker?.();
      await provider.stop();
    },
  };
}
