import { createClient, createTypedWorker } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { type BuildName, builds, type OrderJobs, orderOf, type Seen } from "./upgrades-schema.ts";

/** One build that works and enqueues all the time: `BUILD=old upgrades-process.ts LEASE URL [NAMESPACE]`. */
const [lease = "1s", url = "", namespace] = process.argv.slice(2);
const build = process.env["BUILD"] as BuildName; // given by the test
const tell = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

const provider = await createProvider(url, namespace === undefined ? {} : { namespace });
const jobs = await createClient<OrderJobs>(builds[build], { provider });
let handled = 0;
const worker = await createTypedWorker(builds[build], {
  provider,
  handlers: {
    order: async (got: { readonly n: number }): Promise<Seen> => {
      await new Promise((resolve) => setTimeout(resolve, got.n % 20));
      handled++;
      return { build, got };
    },
  },
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  lease: lease as `${number}s`, // given by the test
});
await worker.start();

for (let n = 0; ; n += 5) {
  const handles = await jobs.order.enqueueMany(Array.from({ length: 5 }, (_, i) => orderOf(build, n + i)));
  tell({ event: "enqueued", ids: handles.map(({ id }) => id), handled });
  // One is left alone, so that there is a backlog for whoever comes later.
  await Promise.all(handles.slice(1).map((handle) => handle.settled()));
}
