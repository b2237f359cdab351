import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { measureCodegen } from "./codegen.ts";

/**
 * Side by side in one run on one file system: every scenario alternates between the subjects, each in a process of its
 * own; the table shows medians and ratios. `npm run bench -- --rounds 5`.
 */
const rounds = Number(process.argv[process.argv.indexOf("--rounds") + 1]) || 3;
const root = new URL("./.data/", import.meta.url).pathname;
const subjects = ["jobwright", "jobwright-c100", "plainjob"] as const;
const scenarios = ["enqueue-serial", "enqueue-64", "enqueue-bulk", "drain", "pickup"] as const;

type Samples = Record<string, number[]>;
const samples: Record<string, Record<string, Samples>> = {};

mkdirSync(root, { recursive: true });
const compiledCase = compile();
for (const scenario of scenarios) {
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) {
      if (subject === "jobwright-c100" && scenario !== "drain") continue;
      process.stderr.write(`${scenario} · ${subject} · ${round + 1}/${rounds}\n`);
      const result = runCase(subject, scenario);
      const kept = ((samples[scenario] ??= {})[subject] ??= {});
      for (const [metric, value] of Object.entries(result)) (kept[metric] ??= []).push(value);
    }
  }
}
rmSync(root, { recursive: true });

const medians = Object.fromEntries(
  Object.entries(samples).map(([scenario, bySubject]) => [
    scenario,
    Object.fromEntries(
      Object.entries(bySubject).map(([subject, metrics]) => [
        subject,
        Object.fromEntries(Object.entries(metrics).map(([metric, values]) => [metric, median(values)])),
      ]),
    ),
  ]),
);
const codegen = await measureCodegen();
const report = {
  machine: { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length },
  rounds,
  medians,
  codegen,
};
mkdirSync(new URL("./results/", import.meta.url), { recursive: true });
writeFileSync(new URL("./results/sqlite.json", import.meta.url), `${JSON.stringify(report, undefined, 2)}\n`);
printTable();

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

function runCase(subject: string, scenario: string): Record<string, number> {
  const folder = mkdtempSync(join(root, "run-"));
  const file = join(folder, "jobs.db");
  // A worker seldom fills the queue that it drains: its memory is measured in a process of its own.
  if (scenario === "drain") runProcess(subject, "fill", file);
  const result = runProcess(subject, scenario, file);
  rmSync(folder, { recursive: true });
  return result;
}

function runProcess(subject: string, scenario: string, file: string): Record<string, number> {
  const output = execFileSync(process.execPath, [compiledCase, subject, scenario, file], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(output.trim().split("\n").at(-1) ?? "{}") as Record<string, number>;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function printTable(): void {
  console.log("\n| scenario | jobwright | plainjob | ratio |\n|---|---:|---:|---:|");
  for (const [scenario, bySubject] of Object.entries(medians)) {
    const theirs = bySubject["plainjob"] ?? {};
    for (const [subject, ours] of Object.entries(bySubject)) {
      if (subject === "plainjob") continue;
      for (const [metric, value] of Object.entries(ours)) {
        const other = theirs[metric] ?? Number.NaN;
        const label = subject === "jobwright" ? scenario : `${scenario} (concurrency 100)`;
        console.log(`| ${label}, ${metric} | ${format(value)} | ${format(other)} | ${(value / other).toFixed(2)} |`);
      }
    }
  }
  console.log(`\ncodegen: ${JSON.stringify(codegen)}`);
}

function format(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(2);
}
