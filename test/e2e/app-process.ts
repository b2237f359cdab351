import { spin } from "./spin.ts";
import { createTypedWorker, type JobContext } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { descriptor, type Work } from "./descriptor.ts";

/**
 * A worker process for the end-to-end tests: `app-process.ts LEASE URL [NAMESPACE]`. It tells what happens as JSON lines on stdout.
 */
const [lease = "1s", url = "", namespace] = process.argv.slice(2);
const tell = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

async function handle(payload: Work, context: JobContext): Promise<{ pid: number }> {
  const { id, attempt, fence } = context;
  tell({ event: "started", id, attempt, fence, n: payload.n });
  context.signal.addEventListener("abort", () => tell({ event: "aborted", id, code: context.signal.reason.code }));
  if (payload.do === "exit") process.exit(3);
  if (payload.do === "spin") spin(payload.ms);
  // By itself: from outside it could be hit while it holds the lock of an SQLite file, which stops everybody else.
  if (payload.do === "freeze" && fence === 1) process.kill(process.pid, "SIGSTOP");
  if (payload.do === "wait") await new Promise((resolve) => setTimeout(resolve, payload.ms));
  if (payload.do === "hang") await new Promise((_, reject) => context.signal.addEventListener("abort", reject));
  tell({ event: "ended", id, fence });
  return { pid: process.pid };
}

const provider = await createProvider(url, namespace === undefined ? {} : { namespace });
const worker = await createTypedWorker(descriptor, {
  provider,
  handlers: { work: handle },
  lease: lease as `${number}s`, // given by the test
  grace: "500ms",
  logger: {
    debug() {},
    info() {},
    warn: (fields, message) => tell({ event: "warn", message, ...fields }),
    error: (fields, message) => tell({ event: "error", message, ...fields }),
  },
});
void worker.start().then(() => tell({ event: "ready" }));
const report = await worker.run();
tell({ event: "stopped", ...report });
await provider.stop();
