import { makeWorkerUtils, run, type Runner } from "graphile-worker";
import { Logger } from "graphile-worker";
import type { Subject } from "../subject.ts";

const logger = new Logger(() => () => undefined);

/** As its documentation shows; `tuned`: its local queue, batched completion and 100 jobs at a time. */
export async function graphileWorker(connectionString: string, tuned: boolean): Promise<Subject> {
  const utils = await makeWorkerUtils({ connectionString, logger });
  await utils.migrate();
  let runner: Runner | undefined;
  return {
    async enqueue(payload) {
      await utils.addJob("measure", payload);
    },
    async enqueueMany(payloads) {
      await utils.addJobs(payloads.map((payload) => ({ identifier: "measure", payload })));
    },
    async enqueueOthers(payloads) {
      await utils.addJobs(payloads.map((payload) => ({ identifier: "other", payload })));
    },
    async startWorker(handled) {
      const preset = {
        worker: {
          connectionString,
          concurrentJobs: 100,
          maxPoolSize: 10,
          localQueue: { size: 500 },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      };
      runner = await run({
        ...(tuned ? { preset } : { connectionString }),
        logger,
        noHandleSignals: true,
        taskList: { measure: () => handled() },
      });
    },
    async stop() {
      await runner?.stop();
      await utils.release();
    },
  };
}
