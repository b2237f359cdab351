import Queue from "bee-queue";
import type { Payload, Subject } from "../subject.ts";

/** As its documentation advises for speed: no events, no stored results, finished jobs removed, 100 at a time. */
export function beeQueue(url: string): Subject {
  const queue = new Queue<Payload>("measure", {
    redis: url,
    isWorker: true,
    getEvents: false,
    sendEvents: false,
    storeJobs: false,
    removeOnSuccess: true,
  });
  return {
    async enqueue(payload) {
      await queue.createJob(payload).save();
    },
    async enqueueMany(payloads) {
      await queue.saveAll(payloads.map((payload) => queue.createJob(payload)));
    },
    startWorker(handled) {
      queue.process(100, async () => handled());
    },
    async stop() {
      await queue.close(0);
    },
  };
}
