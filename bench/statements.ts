import { createProvider } from "jobwright/provider";
import type { Subject } from "./subject.ts";

/**
 * The statements of a store and nothing around them: no client, no schema, no worker. What those cost is seen beside it, and how
 * near they come to what the store can do with these statements.
 */
export async function statements(location: string): Promise<Subject> {
  const provider = await createProvider(location);
  await provider.start();
  const newId = createIds();
  const enqueue = async (payloads: readonly object[], queue: string): Promise<void> => {
    const kind = { name: "measure", queue, version: 1, priority: 0, maxCrashes: 3 };
    await provider.enqueue(payloads.map((payload) => ({ id: newId(), ...kind, payload: JSON.stringify(payload) })));
  };
  let isStopped = false;
  let working: Promise<void> | undefined;

  async function work(handled: () => void): Promise<void> {
    const lanes = [{ queue: "default", limit: 300, handles: [{ name: "measure", maxVersion: 1 }] }];
    let acked: Promise<unknown> = Promise.resolve();
    for (let claims = 0; !isStopped; claims++) {
      const jobs = await provider.claim({ claimId: String(claims), workerId: "w", leaseMs: 60_000, lanes });
      for (const { payload } of jobs) {
        JSON.parse(payload);
        handled();
      }
      // As a worker does: the next jobs are claimed while these are settled.
      await acked;
      acked = provider.ack(jobs);
    }
    await acked;
  }

  return {
    enqueue: (payload) => enqueue([payload], "default"),
    enqueueMany: (payloads) => enqueue(payloads, "default"),
    enqueueOthers: (payloads) => enqueue(payloads, "others"),
    startWorker(handled) {
      working = work(handled);
    },
    async stop() {
      isStopped = true;
      await working;
      await provider.stop();
    },
  };
}

/** UUIDs of version 7 in their order, as clients make them. */
function createIds(): () => string {
  let made = 0;
  const time = Date.now().toString(16).padStart(12, "0");
  return () => {
    const count = (made++).toString(16).padStart(15, "0");
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count.slice(0, 3)}-8${count.slice(3, 6)}-${count.slice(6)}000`;
  };
}
