/**
 * What plain jobs cost Redis with two versions of the provider, in turn: `npx tsx bench/redis-versions.ts OLD NEW [rounds]`,
 * folders with the sources of each. Time is processor time of the server's main thread, which other load does not lengthen; the rest is counted.
 */
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Provider } from "../runtime/contract/index.ts";
import { createUuidV7 } from "../runtime/core/uuid.ts";
import type { redis } from "../runtime/providers/redis/index.ts";
import { type RedisServer, startRedis } from "../test/support/redis-server.ts";

const [, , old = "", young = "", rounds = "9"] = process.argv;
const jobsPerRound = 10_000;
const measures = ["cpuMicros", "commands", "networkBytes", "memoryBytes"] as const;
const phases = ["enqueue", "claim", "ack"] as const;

/** Of one job in one phase. */
interface Cost {
  readonly cpuMicros: number;
  readonly commands: number;
  readonly networkBytes: number;
  /** That the store has grown by; below zero: that it has given back. */
  readonly memoryBytes: number;
}

const newId = createUuidV7();
const payload = JSON.stringify({ text: "x".repeat(189) });
const jobsOf = (count: number) =>
  Array.from({ length: count }, () => ({
    id: newId(),
    name: "sendEmail",
    queue: "mail",
    version: 1,
    priority: 0,
    maxCrashes: 3,
    payload,
  }));

async function statsOf({ admin }: RedisServer): Promise<Cost> {
  const info = await admin.info("everything");
  const calls = [...info.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)];
  const inner = calls.filter(([, name = ""]) => !/^(evalsha|eval|info|config)/.test(name));
  const number = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1]);
  return {
    cpuMicros: (number("used_cpu_user_main_thread") + number("used_cpu_sys_main_thread")) * 1_000_000,
    commands: inner.reduce((sum, [, , count]) => sum + Number(count), 0),
    networkBytes: number("total_net_input_bytes") + number("total_net_output_bytes"),
    memoryBytes: number("used_memory"),
  };
}

/** A run of one version on a new server, alone on a core. */
async function run(folder: string, batch: number): Promise<Readonly<Record<(typeof phases)[number], Cost>>> {
  const module = (await import(pathToFileURL(join(resolve(folder), "runtime/providers/redis/index.ts")).href)) as {
    readonly redis: typeof redis; // the same entry point in every version
  };
  const server = await startRedis();
  const pid = /process_id:(\d+)/.exec(await server.admin.info("server"))?.[1] ?? "";
  execFileSync("taskset", ["-pc", "1", pid]);
  const provider: Provider = module.redis({ url: server.url, onWarning: () => {} });
  await provider.start();
  const measured = async (body: () => Promise<unknown>): Promise<Cost> => {
    const before = await statsOf(server);
    await body();
    const after = await statsOf(server);
    const perJob = measures.map((what) => [what, (after[what] - before[what]) / jobsPerRound]);
    return Object.fromEntries(perJob) as Record<keyof Cost, number>; // all of them
  };
  const calls = Array.from({ length: jobsPerRound / batch }, (_, n) => n);
  const lanes = [{ queue: "mail", limit: batch, handles: [{ name: "sendEmail", maxVersion: 1 }] }];
  const claimed: Awaited<ReturnType<Provider["claim"]>>[] = [];
  // Everything is loaded, and the scripts are there.
  await provider.enqueue(jobsOf(batch));
  await provider.ack(await provider.claim({ claimId: "warm", workerId: "w", leaseMs: 600_000, lanes }));
  const enqueue = await measured(async () => {
    for (const _ of calls) await provider.enqueue(jobsOf(batch));
  });
  const claim = await measured(async () => {
    for (const n of calls) {
      claimed.push(await provider.claim({ claimId: String(n), workerId: "w", leaseMs: 600_000, lanes }));
    }
  });
  const ack = await measured(async () => {
    for (const jobs of claimed) await provider.ack(jobs);
  });
  await provider.stop();
  await server.stop();
  return { enqueue, claim, ack };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

execFileSync("taskset", ["-pc", "0", String(process.pid)]);
for (const batch of [100, 1]) {
  const runs: Record<"old" | "young", Awaited<ReturnType<typeof run>>[]> = { old: [], young: [] };
  for (let round = 0; round < Number(rounds); round++) {
    const order = round % 2 === 0 ? (["old", "young"] as const) : (["young", "old"] as const);
    for (const which of order) runs[which].push(await run(which === "old" ? old : young, batch));
  }
  for (const phase of phases) {
    for (const what of measures) {
      const of = (which: "old" | "young"): readonly number[] => runs[which].map((costs) => costs[phase][what]);
      const middle = [median(of("old")), median(of("young"))].map((value) => value.toFixed(2)).join(" → ");
      const ratio = (median(of("young")) / median(of("old"))).toFixed(3);
      const least = (Math.min(...of("young")) / Math.min(...of("old"))).toFixed(3);
      console.log(`by ${batch}, ${phase}, ${what}: ${middle}, × ${ratio}; of the least × ${least}`);
    }
  }
}
