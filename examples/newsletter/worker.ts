import { createProvider } from "jobwright/provider";
import { createTransport } from "nodemailer";
import { createWorker } from "../../generated/index.ts";
import { createSendEmail } from "./send-email.ts";

/** The worker process of the demo: `JOBS_URL=… worker.ts SMTP_PORT [NAMESPACE]`. */
const [port = "25", namespace = ""] = process.argv.slice(2);

const transport = createTransport({
  host: "127.0.0.1",
  port: Number(port),
  secure: false,
  pool: true,
  maxConnections: 10,
});
const provider = await createProvider(
  process.env["JOBS_URL"] ?? "sqlite:jobs.db",
  namespace === "" ? {} : { namespace },
);
const worker = await createWorker({
  provider,
  queues: { mail: 10 },
  lease: "5s",
  handlers: { sendEmail: createSendEmail(transport) },
  // The demo shows failures in its own table.
  logger: { debug() {}, info() {}, warn() {}, error() {} },
});

// Without the demo nobody would read the progress: a killed parent takes its worker along.
process.on("disconnect", () => void worker.stop().then(() => process.exit(0)));

await worker.run();
transport.close();
await provider.stop();
process.exit(0);
