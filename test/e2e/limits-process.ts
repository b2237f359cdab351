import { appendFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { createTypedWorker, type JobContext } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import type { ClaimedJob, ClaimRequest } from "../../runtime/contract/index.ts";
import { type Limited, type LimitedName, limitsDescriptor } from "./limits-schema.ts";
import type { Line } from "./limits-verdict.ts";

/**
 * A worker of jobs with limits: `limits-process.ts LEASE URL [NAMESPACE]`. It appends what happens to the file in `HISTORY`,
 * a line each, before anything else can come of it; a short line is appended in one piece, whoever else writes.
 */
const [lease = "4s", url = "", namespace] = process.argv.slice(2);
const { HISTORY: file = "" } = process.env;
const tell = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
const note = (line: Omit<Line, "pid">): void =>
  appendFileSync(file, `${JSON.stringify({ ...line, pid: process.pid } satisfies Line)}\n`);

/** The job of the pool in the middle of which its worker is killed. */
const fatal = 15;
const takesMs: Readonly<Record<LimitedName, number>> = { pool: 100, line: 15, paced: 5 };

function handlerOf(job: LimitedName): (input: Limited, ctx: JobContext) => Promise<void> {
  return async ({ n, key }, { id, fence, attempt }) => {
    const line = { job, id, fence, key, n };
    note({ ...line, event: "start", at: Date.now() });
    const isFatal = job === "pool" && n === fatal && fence === 1;
    if (isFatal) tell({ event: "fatal" });
    await after(isFatal ? 10_000 : takesMs[job]);
    const ok = attempt > 1 || n % 5 !== 2;
    note({ ...line, event: ok ? "end" : "failed", at: Date.now() });
    if (!ok) throw new Error("planned");
  };
}

const provider = await createProvider(url, namespace === undefined ? {} : { namespace });

/** The moment of a claim is what counts for a rate, and the store tells it: it is when the lease began. */
async function claim(request: ClaimRequest): Promise<readonly ClaimedJob[]> {
  const jobs = await provider.claim(request);
  for (const { id, name, fence, leaseUntil } of jobs) {
    const job = name as LimitedName; // of the schema
    note({ event: "claim", job, id, fence, key: "", n: 0, at: leaseUntil - request.leaseMs });
  }
  return jobs;
}

const worker = await createTypedWorker(limitsDescriptor, {
  provider: { ...provider, claim },
  handlers: { pool: handlerOf("pool"), line: handlerOf("line"), paced: handlerOf("paced") },
  concurrency: 10,
  lease: lease as `${number}s`, // given by the test
  grace: "2s",
  logger: {
    debug() {},
    info() {},
    warn() {},
    error: (fields, message) => tell({ event: "error", message, ...fields }),
  },
});
void worker.start().then(() => tell({ event: "ready" }));
await worker.run();
await provider.stop();
