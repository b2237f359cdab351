import type { Settings } from "./options.ts";
import type { Worker, WorkerReport } from "./types.ts";

/** Runs a worker until SIGINT or SIGTERM; a second signal ends the process as an unhandled one would. */
export async function runUntilSignal(worker: Worker, { logger }: Settings): Promise<WorkerReport> {
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  await worker.start();
  // The promise above does not keep the process alive, and the worker's own timers may all be unreferenced.
  const alive = setInterval(() => undefined, 60_000);
  const signal = await signalled;
  logger.info({ signal }, "stopping");
  try {
    return await worker.stop();
  } finally {
    clearInterval(alive);
  }
}
