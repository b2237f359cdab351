import { createProvider } from "jobwright/provider";
import { createTransport } from "nodemailer";
import { createWorker } from "./generated/index.ts";
import { contactSheet, findPictures, resize } from "./images.ts";
import { createMailSheet } from "./mail-sheet.ts";

/** The worker process: `JOBS_URL=… worker.ts SMTP_PORT LEASE [NAMESPACE]`. */
const [port = "25", lease = "30s", namespace] = process.argv.slice(2);

const transport = createTransport({ host: "127.0.0.1", port: Number(port), secure: false });
const provider = await createProvider(
  process.env["JOBS_URL"] ?? "sqlite:jobs.db",
  namespace === undefined ? {} : { namespace },
);
const worker = await createWorker({
  provider,
  queues: { pictures: 3, mail: 1 },
  handlers: { findPictures, resize, contactSheet, mailSheet: createMailSheet(transport) },
  lease: lease as `${number}s`, // given by `startWorker`
  // What is retried, in one line; what has failed for good, the workflow tells.
  logger: { debug() {}, info() {}, warn: (fields) => console.log(`  ↻ ${retryIn(fields)}`), error() {} },
});

// A killed parent takes its worker along.
process.on("disconnect", () => void worker.stop().then(() => process.exit(0)));

await worker.run();
transport.close();
await provider.stop();
process.exit(0);

function retryIn(fields: object): string {
  const { job, attempt, err } = fields as { job?: string; attempt?: number; err?: Error }; // of a failed attempt
  return `${job} failed in attempt ${attempt}: ${err?.message}`;
}
