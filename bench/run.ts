import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { measureCodegen } from "./codegen.ts";
import { measureValidation } from "./validation.ts";
import { type OpenStore, type StoreName, stores } from "./stores.ts";
import { median, type Medians, printTable } from "./table.ts";

/**
 * Side by side in one run on one server: every scenario alternates between the subjects, each in a process of its own on an
 * empty store; the table shows medians and ratios. `npm run bench -- --store postgres --rounds 5`.
 */
const { values: flags } = parseArgs({
  options: {
    store: { type: "string", multiple: true, default: Object.keys(stores) },
    rounds: { type: "string", default: "3" },
    scenario: { type: "string", multiple: true },
    codegen: { type: "boolean", default: false },
    validation: { type: "boolean", default: false },
  },
});
const rounds = Number(flags.rounds);
const root = new URL("./.data/", import.meta.url).pathname;
const scenarios = flags.scenario ?? ["enqueue-serial", "enqueue-64", "enqueue-bulk", "drain", "two-workers", "pickup"];
/** Other ready jobs that stand in the store while it is drained. */
const depths: Readonly<Record<string, number>> = { "depth-200k": 200_000, "depth-1m": 1_000_000 };
const drains = new Set(["drain", "two-workers", "held", ...Object.keys(depths)]);
/** At its default settings it takes one job at a time: a tenth of the jobs says as much. */
const slow = new Set(["graphile-worker"]);
const run = promisify(execFile);

rmSync(root, { recursive: true, force: true });
mkdirSync(root, { recursive: true });
const compiledCase = compile();
for (const name of flags.store) {
  if (!(name in stores)) throw new Error(`There is no store ${name}; there are ${Object.keys(stores).join(", ")}.`);
  await measureStore(name as StoreName); // checked above
}
if (flags.codegen) writeResult("codegen", await measureCodegen());
if (flags.validation) writeResult("validation", measureValidation());
rmSync(root, { recursive: true });

async function measureStore(name: StoreName): Promise<void> {
  const { subjects, open } = stores[name];
  const store = await open(root);
  const samples: Record<string, Record<string, Record<string, number[]>>> = {};
  try {
    for (const scenario of scenarios) {
      if (scenario === "held" && !store.hold) continue;
      for (let round = 1; round <= rounds; round++) {
        for (const subject of subjects) {
          if (isSettled(subject, scenario)) continue;
          process.stderr.write(`${name} · ${scenario} · ${subject} · ${round}/${rounds}\n`);
          const kept = ((samples[scenario] ??= {})[subject] ??= {});
          const result = await runCase(store, subject, scenario);
          for (const [metric, value] of Object.entries(result)) (kept[metric] ??= []).push(value);
        }
      }
    }
  } finally {
    await store.stop();
  }
  const medians = mediansOf(samples);
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg()[0] };
  writeResult(name, { machine, rounds, medians: { ...mediansBefore(name), ...medians } });
  printTable(name, medians);
}

/** A worker's concurrency changes nothing about enqueues, peers' settings neither; statements alone are no worker. */
function isSettled(subject: string, scenario: string): boolean {
  if (subject === "jobwright, statements") return scenario !== "enqueue-bulk" && scenario !== "drain";
  if (scenario in depths || scenario === "held") return subject === "graphile-worker" || subject.endsWith("c100");
  return scenario.startsWith("enqueue") && (subject.endsWith("c100") || subject === "graphile-worker");
}

async function runCase(store: OpenStore, subject: string, scenario: string): Promise<Record<string, number>> {
  const place = await store.place();
  const others = depths[scenario];
  if (others) await runProcess(subject, "others", place, others);
  // A worker seldom fills the queue that it drains: its memory is measured in a process of its own.
  if (drains.has(scenario)) await runProcess(subject, "fill", place);
  const before = await store.bytes?.();
  const release = scenario === "held" ? await store.hold?.(place) : undefined;
  const result =
    scenario === "two-workers"
      ? await shareBetweenTwo(subject, place)
      : await runProcess(subject, drains.has(scenario) ? "drain" : scenario, place);
  await release?.();
  const after = await store.bytes?.();
  const counts = scenario === "enqueue-bulk" || scenario === "drain";
  if (before === undefined || after === undefined || !counts) return result;
  return { ...result, bytesPerJob: (after - before) / jobsOf(subject) };
}

async function shareBetweenTwo(subject: string, place: string): Promise<Record<string, number>> {
  const shares = await Promise.all([runProcess(subject, "share", place), runProcess(subject, "share", place)]);
  const handled = shares.reduce((sum, share) => sum + (share["handled"] ?? 0), 0);
  const times = shares.flatMap((share) => [share["firstAt"] ?? 0, share["lastAt"] ?? 0]);
  return { perSecond: handled / ((Math.max(...times) - Math.min(...times)) / 1_000) };
}

function jobsOf(subject: string): number {
  return slow.has(subject) ? 5_000 : 50_000;
}

async function runProcess(
  subject: string,
  scenario: string,
  place: string,
  others = 0,
): Promise<Record<string, number>> {
  const location = subject.startsWith("jobwright") ? place : place.replace(/^sqlite:/, "");
  const env = { ...process.env, BENCH_JOBS: String(jobsOf(subject)), BENCH_OTHERS: String(others) };
  const { stdout, stderr } = await run(process.execPath, [compiledCase, subject, scenario, location], { env });
  const line = stdout.trim().split("\n").at(-1);
  if (!line?.startsWith("{")) throw new Error(`${subject}, ${scenario}: no result\n${stdout}${stderr}`);
  return JSON.parse(line) as Record<string, number>; // written by case.ts
}

/** Compiled, so that no loader counts into times and memory. */
function compile(): string {
  const compiled = join(root, "compiled");
  const here = new URL(".", import.meta.url).pathname;
  const tsc = new URL("../node_modules/typescript/bin/tsc", import.meta.url).pathname;
  const options = ["-p", join(here, "tsconfig.case.json"), "--outDir", compiled];
  execFileSync(process.execPath, [tsc, ...options], { stdio: "inherit" });
  symlinkSync(join(here, "peers/node_modules"), join(compiled, "peers/node_modules"));
  return join(compiled, "case.js");
}

function mediansOf(samples: Record<string, Record<string, Record<string, number[]>>>): Medians {
  const map = <A, B>(object: Record<string, A>, change: (value: A) => B): Record<string, B> =>
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
  return map(samples, (bySubject) => map(bySubject, (metrics) => map(metrics, median)));
}

/** Of scenarios that were measured in an earlier run. */
function mediansBefore(name: string): Medians {
  const file = new URL(`./results/${name}.json`, import.meta.url);
  if (!existsSync(file)) return {};
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly medians: Medians }).medians; // written below
}

function writeResult(name: string, result: unknown): void {
  const folder = new URL("./results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(result, undefined, 2)}\n`);
}
