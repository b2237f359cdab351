import { createTypedWorker } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { descriptor } from "./descriptor.ts";

/**
 * A worker process with all settings at their defaults: `defaults-process.ts _ URL [NAMESPACE]`. It never ends the first
 * run of a job, and tells what it begins as JSON lines on stdout.
 */
const [, url = "", namespace] = process.argv.slice(2);
const tell = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

const provider = await createProvider(url, namespace === undefined ? {} : { namespace });
const worker = await createTypedWorker(descriptor, {
  provider,
  handlers: {
    work: async (_input: unknown, { id, fence }: { readonly id: string; readonly fence: number }) => {
      tell({ event: "started", id, fence });
      if (fence === 1) await new Promise(() => undefined);
      return { pid: process.pid };
    },
  },
});
void worker.start().then(() => tell({ event: "ready" }));
await worker.run();
