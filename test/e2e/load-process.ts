import { createTypedWorker, type JobContext } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import type { Provider, Settlement } from "../../runtime/contract/index.ts";
import { loadDescriptor, type Load, type LoadOutput } from "./load-schema.ts";

/**
 * A worker of the load: `load-process.ts LEASE URL [NAMESPACE]`. It tells every final settlement that the store accepted
 * from it, and every one that it refused, as JSON lines on stdout.
 */
const [lease = "2s", url = "", namespace] = process.argv.slice(2);
const tell = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

async function handle({ kind }: Load, { attempt, fence }: JobContext): Promise<LoadOutput> {
  const takes = { wait: 100, long: 1_500, nothing: 0, flaky: 0, hopeless: 0, cancelled: 0 }[kind];
  if (takes > 0) await new Promise((resolve) => setTimeout(resolve, takes));
  if (kind === "hopeless" || (kind === "flaky" && attempt === 1)) throw new Error("planned");
  return { fence };
}

function tellSettled(id: string, fence: number, settlement: Settlement | undefined): void {
  if (settlement === "ok") tell({ event: "settled", id, fence });
  else tell({ event: "refused", id, fence, settlement });
}

/** The provider, with what it answers told. A retry is no final settlement; a job that ends with its last attempt is. */
function telling(provider: Provider): Provider {
  return {
    ...provider,
    async ack(completions) {
      const settlements = await provider.ack(completions);
      for (const [index, { id, fence }] of completions.entries()) tellSettled(id, fence, settlements[index]);
      return settlements;
    },
    async nack(rejections) {
      const settlements = await provider.nack(rejections);
      for (const [index, { id, fence, outcome }] of rejections.entries()) {
        if (outcome === "dead") tellSettled(id, fence, settlements[index]);
      }
      return settlements;
    },
  };
}

const provider = telling(await createProvider(url, namespace === undefined ? {} : { namespace }));
const worker = await createTypedWorker(loadDescriptor, {
  provider,
  handlers: { load: handle },
  lease: lease as `${number}s`, // given by the load
  grace: "2s",
  // Outages are part of the load.
  logger: { debug() {}, info() {}, warn() {}, error() {} },
});
worker.start().then(
  () => tell({ event: "ready" }),
  () => {},
);
// The store may be away at the moment: a supervisor tries again.
await worker.run().catch(() => process.exit(1));
await provider.stop();
