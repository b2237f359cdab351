import { fork, type ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { JobwrightError, type JobRecord, type JobState } from "jobwright";
import { createProvider } from "jobwright/provider";
import { createJobs } from "../../generated/index.ts";
import { startMailServer } from "../services/smtp-server.ts";
import { prepareStore } from "../services/store.ts";
import { createProgress } from "./progress.ts";
import { jobId, readSubscribers, type Subscriber } from "./subscribers.ts";

/*
 * Sends a newsletter to a real list of subscribers, over real SMTP, with the worker in a process of its own.
 * Kill it at any moment, even with `kill -9`, and start it again: it goes on where it was. `--store postgres` and `--store redis` run the same on a server.
 */
const issue = "2026-11";
const out = fileURLToPath(new URL("../../demo-output/", import.meta.url));
const mails = `${out}mails`;
const { store: storeOption } = parseArgs({ options: { store: { type: "string", default: "sqlite" } } }).values;
const shown = (path: string): string => relative(process.cwd(), path) || ".";

const { store, resuming } = await prepareStore(storeOption, out).catch((error: unknown) => {
  console.error(`✖ ${error instanceof Error ? error.message : String(error)}`);
  process.exit(2);
});

const startedAt = performance.now();
const { url, namespace } = store;
const provider = await createProvider(url, namespace === undefined ? {} : { namespace });
const jobs = await createJobs({ provider });
const server = await startMailServer(mails);
const before = total(await jobs.$control.counts({ queues: ["mail"] }), "succeeded");

console.log(resuming ? `↻ resuming: ${before} mails were delivered before` : `▶ a newsletter on ${store.title}`);
const { refused, duplicates, enqueued } = await enqueueAll(
  readSubscribers(new URL("subscribers.csv", import.meta.url)),
);
console.log(`→ ${enqueued} jobs enqueued, ${duplicates} duplicates recognised, ${refused.length} rows refused:`);
for (const { line, reason } of refused) console.log(`    line ${line}: ${reason}`);

let finished = false;
let worker = startWorker();
console.log(
  `→ a worker delivers over SMTP; kill it (\`kill -9 ${worker.pid}\`) or all of this (\`kill -9 ${process.pid}\`)`,
);
await watch();
finished = true;
const stopped = new Promise((resolve) => worker.once("exit", resolve));
worker.kill("SIGTERM");
await stopped;
await report();
await provider.stop();
await server.close();
// Marks a finished run: the next one starts afresh.
await store.close();

interface Refused {
  readonly line: number;
  readonly reason: string;
}

/** Enqueues row by row; the calls of one turn share a commit. */
async function enqueueAll(
  subscribers: readonly Subscriber[],
): Promise<{ refused: Refused[]; duplicates: number; enqueued: number }> {
  const refused: Refused[] = [];
  const seen = new Set<string>();
  let duplicates = 0;
  await Promise.all(
    subscribers.map(async ({ line, email, name, language }) => {
      const id = jobId(issue, email);
      if (seen.has(id)) duplicates++;
      seen.add(id);
      try {
        // The language column is free text; the schema says which ones there are.
        await jobs.sendEmail.enqueue({ to: email, name, language: language as "en", issue }, { id });
      } catch (error) {
        if (!JobwrightError.is(error) || error.code !== "JW_INVALID_INPUT") throw error;
        seen.delete(id);
        refused.push({ line, reason: error.message });
      }
    }),
  );
  return { refused, duplicates, enqueued: seen.size };
}

function startWorker(): ChildProcess {
  const file = fileURLToPath(new URL("worker.ts", import.meta.url));
  // The URL may hold a password, which a command line would show to everybody.
  const env = { ...process.env, JOBS_URL: url };
  const child = fork(file, [String(server.port), namespace ?? ""], { execArgv: ["--import", "tsx"], env });
  child.once("exit", (code, signal) => {
    if (finished) return;
    console.error(`\n✖ the worker is gone (${signal ?? `code ${code}`}); starting another`);
    worker = startWorker();
  });
  return child;
}

async function watch(): Promise<void> {
  const progress = createProgress();
  for (;;) {
    const counts = await jobs.$control.counts({ queues: ["mail"] });
    const done = total(counts, "succeeded") + total(counts, "dead");
    const retrying = total(counts, "scheduled");
    progress.draw(done, enqueued, retrying > 0 ? `${retrying} to be retried` : "");
    if (done >= enqueued) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  progress.end();
}

async function report(): Promise<void> {
  const counts = await jobs.$control.counts({ queues: ["mail"] });
  const seconds = (performance.now() - startedAt) / 1_000;
  const records = await allJobs();
  const retried = records.filter((job) => job.attempt > 1).length;
  const redelivered = records.filter((job) => job.crashes > 0).length;
  console.log("\n  state       jobs");
  for (const [state, count] of Object.entries(counts["mail"] ?? {}))
    console.log(`  ${state.padEnd(10)} ${String(count).padStart(5)}`);
  const delivered = total(counts, "succeeded") - before;
  console.log(
    `\n✔ ${delivered} mails in ${seconds.toFixed(1)} s (${Math.round(delivered / seconds)}/s); ${retried} jobs needed a retry`,
  );
  if (resuming || redelivered > 0) {
    console.log(
      `✔ ${redelivered} jobs were redelivered because their worker was killed; ${server.repeated} mails went out twice`,
    );
  }
  for (const job of records.filter(({ state }) => state === "dead")) {
    console.log(`✖ dead: ${job.id} (${job.reason}) ${job.error?.message ?? ""}`);
  }
  console.log(`\n  mails      ${shown(mails)}/ (${readdirSync(mails).length} .eml files)`);
  console.log(`  store      ${namespace === undefined ? shown(store.place) : store.place}`);
  console.log(
    "\n  next: open a mail · change jobs.schema.ts and run `npm run codegen` · run the demo again and kill it halfway",
  );
}

async function allJobs(): Promise<readonly JobRecord[]> {
  const records: JobRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await jobs.$control.list({
      queues: ["mail"],
      limit: 1_000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    records.push(...page.jobs);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return records;
}

function total(counts: Awaited<ReturnType<typeof jobs.$control.counts>>, state: JobState): number {
  return counts["mail"]?.[state] ?? 0;
}
