import { randomUUID } from "node:crypto";
import { createTypedWorker, type JobContext } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { type HistoryEvent, record } from "./flows-history.ts";
import { type Done, type Step, steps } from "./flows-schema.ts";

/** Works on flows and writes down what it does: `HISTORY=<file> flows-process.ts LEASE URL [NAMESPACE]`. */
const [lease = "1s", url = "", namespace] = process.argv.slice(2);
const history = process.env["HISTORY"] ?? "";

async function work({ node, index, fate, items, given }: Step, { attempt }: JobContext): Promise<Done> {
  const name = index === undefined ? node : `${node}[${index}]`;
  const write = (event: Omit<HistoryEvent, "node" | "attempt">): void =>
    record(history, { node: name, attempt, ...event });
  write({ event: "started", given });
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
  if (fate === "dead" || (fate === "once" && attempt === 1)) {
    write({ event: "failed" });
    throw new Error("planned");
  }
  const token = `${name}#${randomUUID()}`;
  write({ event: "ended", token });
  return { token, items };
}

const provider = await createProvider(url, namespace === undefined ? {} : { namespace });
const worker = await createTypedWorker(steps, {
  provider,
  handlers: { work },
  concurrency: 4,
  lease: lease as `${number}s`, // given by the test
  grace: "500ms",
  // The failures are planned.
  logger: { debug() {}, info() {}, warn() {}, error() {} },
});
await worker.run();
await provider.stop();
