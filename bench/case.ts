import type { Open } from "./subject.ts";
import { type Payload, payload, type Subject } from "./subject.ts";

/** Measures one subject in one scenario in this process on one store and prints one JSON line. */
const [who = "", scenario = "", location = ""] = process.argv.slice(2);

const subjects: Readonly<Record<string, () => Promise<Open>>> = {
  jobwright: async () => (await import("./jobwright.ts")).jobwright,
  "jobwright, c100": async () => {
    const { jobwright } = await import("./jobwright.ts");
    return (place) => jobwright(place, 100);
  },
  "jobwright, statements": async () => (await import("./statements.ts")).statements,
  plainjob: async () => (await import("./peers/plainjob.ts")).plainjob,
  "graphile-worker": async () => {
    const { graphileWorker } = await import("./peers/graphile-worker.ts");
    return (place) => graphileWorker(place, false);
  },
  "graphile-worker, tuned": async () => {
    const { graphileWorker } = await import("./peers/graphile-worker.ts");
    return (place) => graphileWorker(place, true);
  },
  "pg-boss, tuned": async () => (await import("./peers/pg-boss.ts")).pgBoss,
  bullmq: async () => (await import("./peers/bullmq.ts")).bullmq,
  "bee-queue": async () => (await import("./peers/bee-queue.ts")).beeQueue,
};

/** Fewer for those that need minutes otherwise. */
const filled = Number(process.env["BENCH_JOBS"] ?? 50_000);
const open = await subjects[who]?.();
if (!open) throw new Error(`unknown subject ${who}`);
const subject = await open(location);
const result = await measure(scenario, subject);
// The line first: a peer may need long to close, or never end.
console.log(JSON.stringify(result));
const limit = setTimeout(() => process.exit(0), 2_000);
await subject.stop().catch(() => undefined);
clearTimeout(limit);
process.exit(0);

async function measure(name: string, measured: Subject): Promise<Record<string, number>> {
  switch (name) {
    case "enqueue-serial":
      return rate(2_000, async (count) => {
        for (let i = 0; i < count; i++) await measured.enqueue(payload);
      });
    case "enqueue-64":
      return rate(64 * Math.floor(Math.min(300, filled / 64)), (count) =>
        Promise.all(
          Array.from({ length: 64 }, async () => {
            for (let i = 0; i < count / 64; i++) await measured.enqueue(payload);
          }),
        ),
      );
    case "enqueue-bulk":
      return rate(filled, (count) => fill(measured, count));
    case "fill":
      await fill(measured, filled);
      return {};
    case "others":
      await fillWith((chunk) => measured.enqueueOthers(chunk), Number(process.env["BENCH_OTHERS"]));
      return {};
    case "drain":
      return { ...(await drain(measured, filled)), rssMb: process.memoryUsage().rss / 1e6 };
    case "share":
      return share(measured);
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

function fill(measured: Subject, count: number): Promise<void> {
  return fillWith((chunk) => measured.enqueueMany(chunk), count);
}

async function fillWith(write: (chunk: readonly Payload[]) => Promise<void> | void, count: number): Promise<void> {
  const chunk = Array.from({ length: 1_000 }, () => payload);
  for (let i = 0; i < count; i += chunk.length) await write(chunk);
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

/** One of several workers on one store: it ends when nothing came for a second. Times are ms since the epoch. */
async function share(measured: Subject): Promise<Record<string, number>> {
  let handled = 0;
  let firstAt = 0;
  let lastAt = 0;
  await measured.startWorker(() => {
    lastAt = performance.timeOrigin + performance.now();
    if (++handled === 1) firstAt = lastAt;
  });
  const idleMs = 1_000;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (handled > 0 && performance.timeOrigin + performance.now() - lastAt > idleMs)
      return { handled, firstAt, lastAt };
  }
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
