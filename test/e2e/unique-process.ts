import { createClient, createTypedWorker } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { type Keyed, keyed, type KeyedJobs, keys } from "./unique-schema.ts";

/** Works, and enqueues without a pause jobs that fight for a few keys: `unique-process.ts LEASE URL [NAMESPACE]`. */
const [lease = "1s", url = "", namespace] = process.argv.slice(2);
const tell = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

const provider = await createProvider(url, namespace === undefined ? {} : { namespace });
const jobs = await createClient<KeyedJobs>(keyed, { provider });
const worker = await createTypedWorker(keyed, {
  provider,
  handlers: {
    // Some fail once, so that keys are held through retries as well.
    work: async ({ n }: Keyed, { attempt }: { readonly attempt: number }) => {
      await new Promise((resolve) => setTimeout(resolve, n % 20));
      if (n % 5 === 0 && attempt === 1) throw new Error("planned");
    },
  },
  // The failures are planned.
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  lease: lease as `${number}s`, // given by the test
});
await worker.start();

let n = 0;
let won = 0;
for (;;) {
  const inputs = Array.from({ length: 1 + (n % 3) }, (_, i) => ({ key: keys[(n + i) % keys.length] ?? "", n: n + i }));
  n += inputs.length;
  const handles = await jobs.work.enqueueMany(inputs);
  won += handles.filter(({ outcome }) => outcome === "enqueued").length;
  tell({ event: "enqueued", n, won });
}
