import { payload, type Subject } from "./subject.ts";

/** Measures one subject in one scenario in this process on one database file and prints one JSON line. */
const [who = "", scenario = "", file = ""] = process.argv.slice(2);

const drained = 50_000;
const subject = await open(who, file);
const result = await measure(scenario, subject);
await subject.stop();
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
    case "fill":
      await fill(measured, drained);
      return {};
    case "drain":
      return { ...(await drain(measured, drained)), rssMb: process.memoryUsage().rss / 1e6 };
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

/** From the first job handled to the last, so that how long a worker takes to start is not part of it. */
async function drain(measured: Subject, count: number): Promise<{ perSecond: number }> {
  let handled = 0;
  let startedAt = 0;
  await new Promise<void>((resolve, reject) => {
    const handle = (): void => {
      if (++handled === 1) startedAt = performance.now();
      if (handled === count) resolve();
    };
    Promise.resolve(measured.startWorker(handle)).catch(reject);
  });
  return { perSecond: (count - 1) / ((performance.now() - startedAt) / 1_000) };
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
