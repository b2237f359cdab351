import { createTypedWorker } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { everySecond, type Tick } from "./every-second.ts";

/** A worker process whose schema has a schedule: `schedule-process.ts LEASE URL [NAMESPACE]`. Tells slots as JSON lines. */
const [lease = "1s", url = "", namespace] = process.argv.slice(2);
const tell = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

const provider = await createProvider(url, namespace === undefined ? {} : { namespace });
const worker = await createTypedWorker(everySecond, {
  provider,
  handlers: { tick: ({ n }: Tick) => tell({ event: "started", n }) },
  lease: lease as `${number}s`, // given by the test
});
await worker.run();
await provider.stop();
