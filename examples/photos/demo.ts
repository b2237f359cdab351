import type { ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { FlowHandle, NodeStatus } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { startMailServer } from "../services/smtp-server.ts";
import { prepareStore } from "../services/store.ts";
import { publishAlbum } from "./album.ts";
import { createJobs } from "./generated/index.ts";
import { readMails } from "./mailbox.ts";
import { takePictures } from "./sample-pictures.ts";
import { startWorker } from "./start-worker.ts";

/*
 * A workflow over real files: pictures in three sizes, a contact sheet, a mail with it. Halfway its worker process is killed, as
 * `kill -9` does. Kill all of it yourself, and start it again: it goes on where it was.
 * `--pictures <folder>` takes your own pictures; `--store postgres`, `--store redis` or a URL another store.
 */
const { values: options } = parseArgs({
  options: { store: { type: "string", default: "sqlite" }, pictures: { type: "string" } },
});
const out = fileURLToPath(new URL("out/", import.meta.url));
const shown = (path: string): string => relative(process.cwd(), path);

const { store, resuming } = await prepareStore(options.store, out).catch((error: unknown) => {
  console.error(`✖ ${error instanceof Error ? error.message : String(error)}`);
  process.exit(2);
});
const album = join(out, "album");
const mails = join(out, "mails");
mkdirSync(album, { recursive: true });
const pictures = resolve(options.pictures ?? join(out, "pictures"));
if (options.pictures === undefined) await takePictures(pictures);

const startedAt = performance.now();
const { url, namespace } = store;
const provider = await createProvider(url, namespace === undefined ? {} : { namespace });
const jobs = await createJobs({ provider });
const server = await startMailServer(mails);
const place = { url, ...(namespace === undefined ? {} : { namespace }), smtpPort: server.port, lease: "2s" } as const;

// The mail server asks this recipient to come again, so the mail takes a second attempt.
const to = "lee@example.com";
// The same in a run that goes on: then this enqueues nothing.
const flow = await publishAlbum(jobs, { pictures, album, to }, "0196f000-0000-7000-8000-00000000a1b0");
console.log(`${resuming ? "↻ going on with" : "▶"} an album of ${shown(pictures)}/ on ${store.title}`);

let over = false;
let kills = 0;
let worker = employ();
let written = 0;
for await (const node of ended(flow)) {
  if (node.kind !== "job") continue;
  console.log(await describe(node));
  if (node.job === "resize" && ++written === 4 && !resuming) worker.kill("SIGKILL");
}
over = true;
const stopped = new Promise((resolve) => worker.once("exit", resolve));
// Members of a map that has failed may still run.
worker.kill("SIGTERM");
await stopped;
await report();
await provider.stop();
await server.close();
// Marks a finished run: the next one starts afresh.
await store.close();

/** A worker, and another one when it is killed. */
function employ(): ChildProcess {
  const child = startWorker(place);
  console.log(`→ a worker begins; kill it (\`kill -9 ${child.pid}\`) or all of this (\`kill -9 ${process.pid}\`)`);
  child.once("exit", (code, signal) => {
    if (over) return;
    console.log(`☠ the worker is gone (${signal ?? `code ${code}`}); its jobs are taken over when their lease ends`);
    kills++;
    worker = employ();
  });
  return child;
}

/** The nodes of a flow as they end, until all of it has. */
async function* ended(flow: FlowHandle<unknown>): AsyncGenerator<NodeStatus> {
  const over: readonly string[] = ["succeeded", "dead", "cancelled", "skipped"];
  const seen = new Set<string>();
  for (;;) {
    const { state, nodes } = await flow.status();
    for (const node of nodes) {
      if (!over.includes(node.state) || seen.has(node.id)) continue;
      seen.add(node.id);
      yield node;
    }
    if (over.includes(state)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function describe({ id, name, job, state, reason, cause }: NodeStatus): Promise<string> {
  if (state !== "succeeded") {
    const error = (await provider.get(id))?.error?.message;
    return `  ✖ ${name} is ${state}: ${error ?? reason}${cause === undefined ? "" : `, because of ${cause}`}`;
  }
  if (job !== "resize" && job !== "contactSheet") return `  ✓ ${name}`;
  const { file, width, height, bytes } = await jobs[job].handle(id).result();
  const size = `${width} × ${height}`.padEnd(13);
  return `  ✓ ${name.padEnd(12)} ${size} ${kilobytes(bytes)}  ${relative(album, file)}`;
}

async function report(): Promise<void> {
  const end = await flow.settled();
  const { jobs: records } = await jobs.$control.list({ limit: 1_000 });
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const retried = records.filter(({ attempt }) => attempt > 1).length;
  const redelivered = records.filter(({ crashes }) => crashes > 0).length;
  if (end.status !== "succeeded") {
    console.log(`\n✖ there is no album: ${end.status === "dead" ? end.error?.message : end.status}`);
    process.exitCode = 1;
  } else {
    console.log(`\n✔ contact sheet: ${shown(end.output.sheet.file)}`);
  }
  for (const { subject, attachment } of readMails(mails)) {
    console.log(`✔ mail received: “${subject}”, with ${kilobytes(attachment.length).trim()} attached`);
  }
  console.log(`✔ ${seconds} s, kills of the worker: ${kills}, jobs redelivered: ${redelivered}, retried: ${retried}`);
  console.log(`  half-written files, which had names of their own: ${removeUnfinished()}, removed`);
}

/** What a killed worker was writing. */
function removeUnfinished(): number {
  const files = readdirSync(album, { recursive: true, encoding: "utf8" });
  const unfinished = files.filter((file) => /(^|[\\/])\.[^\\/]+$/.test(file));
  for (const file of unfinished) rmSync(join(album, file));
  return unfinished.length;
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000)} kB`.padStart(7);
}
