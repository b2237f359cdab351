import Queue from "bee-queue";
import type { Payload, Subject } from "../subject.ts";

/** As its documentation advises for speed: no events, no stored results, finished jobs removed, 100 at a time. */
export function beeQueue(url: string): Subject {
  const settings = {
    redis: url,
    isWorker: true,
    getEvents: false,
    sendEvents: false,
    storeJobs: false,
    removeOnSuccess: true,
  };
  const queue = new Queue<Payload>("measure", settings);
  const others = new Queue<Payload>("others", { ...settings, isWorker: false });
  return {
    async enqueue(payload) {
      await queue.createJob(payload).save();
    },
    async enqueueMany(payloads) {
      await queue.saveAll(payloads.map((payload) => queue.createJob(payload)));
    },
    async enqueueOthers(payloads) {
      await others.saveAll(payloads.map((payload) => others.createJob(payload)));
    },
    startWorker(handled) {
      queue.process(100, async () => handled());
    },
    async stop() {
      await Promise.all([queue.close(0), others.close(0)]);
    },
  };
}
