import { createTypedWorker, type JobContext } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { descriptor, handlers } from "../flow/declared-schema.ts";

/** Works on declared workflows and tells what it does: `HANG=<input> workflows-process.ts LEASE URL [NAMESPACE]`. */
const [lease = "1s", url = "", namespace] = process.argv.slice(2);
/** A job whose input says this never ends. */
const hang = process.env["HANG"];

function told([name, handle]: [string, (input: never) => unknown]) {
  const run = async (input: never, { attempt }: JobContext): Promise<unknown> => {
    const job = `${name} ${JSON.stringify(input)}`;
    const tell = (event: string): void => void process.stdout.write(`${JSON.stringify({ event, job, attempt })}\n`);
    tell("started");
    if (hang !== undefined && job.includes(hang)) return await new Promise(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    tell("ended");
    return handle(input);
  };
  return [name, run] as const;
}

const provider = await createProvider(url, namespace === undefined ? {} : { namespace });
const worker = await createTypedWorker(descriptor, {
  provider,
  handlers: Object.fromEntries(Object.entries(handlers).map(told)),
  concurrency: 2,
  lease: lease as `${number}s`, // given by the test
  grace: "500ms",
  logger: { debug() {}, info() {}, warn() {}, error() {} },
});
await worker.run();
await provider.stop();
