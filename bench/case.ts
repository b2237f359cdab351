import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { payload, type Subject } from "./subject.ts";

/** Measures one subject in one scenario in this process and prints one JSON line. */
const [who = "", scenario = "", root = ""] = process.argv.slice(2);

const folder = mkdtempSync(join(root, "run-"));
const subject = await open(who, join(folder, "jobs.db"));
const result = await measure(scenario, subject);
await subject.stop();
rmSync(folder, { recursive: true });
console.log(JSON.stringify(result));
process.exit(0);

async function open(name: string, path: string): Promise<Subject> {
  switch (name) {
    case "jobwright":
      return (await import("./jobwright.ts")).jobwright(path);
    case "jobwright-c100":
      return (await import("./jobwright.ts")).jobwright(path, 100);
    case "plainjob":
      return (await import("./peers/plainjob.ts")).plainjob(path);
    default:
      throw new Error(`unknown subject ${name}`);
  }
}

async function measure(name: string, measured: Subject): Promise<Record<string, number>> {
  switch (name) {
    case "enqueue-serial":
      return rate(3_000, async (count) => {
        for (let i = 0; i < count; i++) await measured.enqueue(payload);
      });
    case "enqueue-64":
      return rate(64 * 300, (count) =>
        Promise.all(
          Array.from({ length: 64 }, async () => {
            for (let i = 0; i < count / 64; i++) await measured.enqueue(payload);
          }),
        ),
      );
    case "enqueue-bulk":
      return rate(50_000, (count) => fill(measured, count));
    case "drain":
      await fill(measured, 50_000);
      return { ...(await rate(50_000, (count) => drain(measured, count))), rssMb: process.memoryUsage().rss / 1e6 };
    case "pickup":
      return pickup(measured);
    default:
      throw new Error(`unknown scenario ${name}`);
  }
}

async function rate(count: number, body: (count: number) => Promise<unknown>): Promise<{ perSecond: number }> {
  const startedAt = performance.now();
  await body(count);
  return { perSecond: count / ((performance.now() - startedAt) / 1_000) };
}

async function fill(measured: Subject, count: number): Promise<void> {
  const chunk = Array.from({ length: 1_000 }, () => payload);
  for (let i = 0; i < count; i += chunk.length) await measured.enqueueMany(chunk);
}

async function drain(measured: Subject, count: number): Promise<void> {
  let handled = 0;
  await new Promise<void>((resolve, reject) => {
    Promise.resolve(measured.startWorker(() => void (++handled === count && resolve()))).catch(reject);
  });
}

async function pickup(measured: Subject): Promise<Record<string, number>> {
  let handled: () => void = () => undefined;
  await measured.startWorker(() => handled());
  const samples: number[] = [];
  for (let i = 0; i < 300; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const ran = new Promise<void>((resolve) => (handled = resolve));
    const startedAt = performance.now();
    void measured.enqueue(payload);
    await ran;
    samples.push(performance.now() - startedAt);
  }
  samples.sort((a, b) => a - b);
  return { p50Ms: samples[150] ?? 0, p99Ms: samples[297] ?? 0 };
}
