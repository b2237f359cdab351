import Database from "better-sqlite3";
import { better, defineQueue, defineWorker } from "plainjob";
import type { Subject } from "../subject.ts";

const silent = { error() {}, warn() {}, info() {}, debug() {} };

/** As its documentation shows; it sets WAL and `synchronous=NORMAL` itself. The poll is its shortest. */
export function plainjob(path: string): Subject {
  const database = new Database(path);
  const queue = defineQueue({ connection: better(database), logger: silent });
  let stopWorker: (() => Promise<void>) | undefined;
  return {
    enqueue: (payload) => void queue.add("measure", payload),
    enqueueMany: (payloads) => void queue.addMany("measure", [...payloads]),
    enqueueOthers: (payloads) => void queue.addMany("other", [...payloads]),
    startWorker(handled) {
      const worker = defineWorker("measure", (job) => (JSON.parse(job.data), handled()), {
        queue,
        logger: silent,
        pollIntervall: 1,
      });
      void worker.start();
      stopWorker = () => worker.stop();
    },
    async stop() {
      await stopWorker?.();
      queue.close();
      if (database.open) database.close();
    },
  };
}
