/**
 * Prints what it costs that jobs belong together, beside the same number of plain jobs: `npx tsx bench/flows.ts [store…]`.
 *
 * - Fan-in: a batch of 10,000 jobs and one that follows with the outcomes of all. "settle" ends with the last of the 10,000, "run"
 *   with the one that follows, which has then read what became of all.
 * - Chains: a claim of plain jobs and their ack while 100,000 chains of two stand in the store.
 */
import { mkdirSync, rmSync } from "node:fs";
import { createProvider } from "jobwright/provider";
import type { NewJob, Provider } from "../runtime/contract/index.ts";
import { createUuidV7 } from "../runtime/core/uuid.ts";
import { createJobs, createWorker } from "./generated/index.ts";
import { type OpenStore, type StoreName, stores } from "./stores.ts";
import { payload } from "./subject.ts";
import { median } from "./table.ts";

const members = Number(process.env["BENCH_MEMBERS"] ?? 10_000);
const chains = Number(process.env["BENCH_CHAINS"] ?? 100_000);
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 7);
const [, , ...wanted] = process.argv;
const newId = createUuidV7();

/** Per job, in µs: of the clock, and of the processors for this process alone. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

/** A clock that is read as often as wanted. */
function started(count: number): () => Cost {
  const [startedAt, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { wall: ((performance.now() - startedAt) * 1_000) / count, cpu: (user + system) / count };
  };
}

async function timed(count: number, body: () => Promise<unknown>): Promise<Cost> {
  const read = started(count);
  await body();
  return read();
}

type Turn = Readonly<Record<"enqueue" | "settle" | "run", Cost>>;

/** `members` jobs on an empty store, enqueued by `enqueue` and then run; the last that is run is `last`. */
async function turn(
  store: OpenStore,
  last: "measure" | "gather",
  enqueue: (jobs: Awaited<ReturnType<typeof createJobs>>) => Promise<unknown>,
): Promise<Turn> {
  const provider = await createProvider(await store.place());
  try {
    const jobs = await createJobs({ provider });
    const enqueued = await timed(members, () => enqueue(jobs));
    const { promise: ended, resolve } = deferred();
    let measured = 0;
    let settle: Cost = { wall: 0, cpu: 0 };
    const read = started(members);
    const worker = await createWorker({
      provider,
      handlers: {
        other: () => undefined,
        measure: () => {
          if (++measured < members) return;
          settle = read();
          if (last === "measure") resolve();
        },
        gather: ({ outcomes }) => {
          if (outcomes.length !== members) throw new Error(`${outcomes.length} of ${members} outcomes`);
          resolve();
        },
      },
    });
    await worker.start();
    await ended;
    await worker.stop();
    return { enqueue: enqueued, settle, run: read() };
  } finally {
    await provider.stop();
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

async function measureFanIn(store: OpenStore): Promise<void> {
  const turns: Record<"plain" | "batch", Turn[]> = { plain: [], batch: [] };
  // One round to warm up.
  for (let round = 0; round <= rounds; round++) {
    const plain = await turn(store, "measure", (jobs) => jobs.measure.enqueueMany(Array(members).fill(payload)));
    const batch = await turn(store, "gather", (jobs) =>
      jobs.$flow.batch(
        Array.from({ length: members }, () => jobs.measure.node(payload)),
        { follow: (all) => jobs.gather.node({ outcomes: all.outcome }) },
      ),
    );
    if (round === 0) continue;
    turns.plain.push(plain);
    turns.batch.push(batch);
  }
  for (const part of ["enqueue", "settle", "run"] as const) {
    for (const clock of ["wall", "cpu"] as const) {
      const [own, base] = [turns.batch, turns.plain].map((list) => median(list.map((each) => each[part][clock])));
      if (own === undefined || base === undefined) throw new Error("nothing was measured");
      const figures = `${own.toFixed(0)} µs per member, ${base.toFixed(0)} µs per plain job`;
      console.log(`  fan-in, ${part}, ${clock}: ${figures}, ×${(own / base).toFixed(2)}`);
    }
  }
}

function jobOf(queue: string, needs?: string): NewJob {
  const kind = { name: "measure", queue, version: 1, priority: 0, maxCrashes: 3, payload: '{"text":""}' };
  const edges =
    needs === undefined ? undefined : { of: [{ id: needs, when: "succeeded" as const }], mode: "all" as const };
  return { id: newId(), ...kind, ...(edges && { needs: edges }) };
}

/** The first job of each is ready in another queue, the second waits for it in the queue that is claimed. */
async function fill(provider: Provider): Promise<void> {
  for (let done = 0; done < chains; done += 1_000) {
    await provider.enqueue(
      Array.from({ length: 1_000 }, () => {
        const first = jobOf("other");
        return [first, jobOf("mail", first.id)];
      }).flat(),
    );
  }
}

let claims = 0;

async function claimAndAck(provider: Provider): Promise<Cost> {
  const size = 100;
  await provider.enqueue(Array.from({ length: size }, () => jobOf("mail")));
  const lanes = [{ queue: "mail", limit: size, handles: [{ name: "measure", maxVersion: 1 }] }];
  return timed(size, async () => {
    const jobs = await provider.claim({ claimId: String(++claims), workerId: "w", leaseMs: 60_000, lanes });
    if (jobs.length !== size) throw new Error(`a claim found ${jobs.length} of ${size} jobs`);
    await provider.ack(jobs);
  });
}

/** In turns with the same on an empty store, as the machine has other things to do as well. */
async function measureChains(store: OpenStore, isShared: boolean): Promise<void> {
  // Where every place is the same one, the two differ by name.
  const places = [await store.place(), await store.place()];
  const [alone, beside] = await Promise.all(
    places.map((place, index) => createProvider(place, isShared ? { namespace: `chains${index}` } : {})),
  );
  if (!alone || !beside) throw new Error("there are two places");
  await Promise.all([alone.start(), beside.start()]);
  const { wall } = await timed(chains, () => fill(beside));
  const costs: Record<"alone" | "beside", number[]> = { alone: [], beside: [] };
  for (let round = 0; round < 220; round++) {
    for (const [which, provider] of [["alone", alone] as const, ["beside", beside] as const]) {
      const { wall: each } = await claimAndAck(provider);
      if (round >= 20) costs[which].push(each);
    }
  }
  await Promise.all([alone.stop(), beside.stop()]);
  const [own, base] = [median(costs.beside), median(costs.alone)];
  const figures = `beside ${chains.toLocaleString("en")} chains ${own.toFixed(1)} µs, alone ${base.toFixed(1)} µs`;
  console.log(`  claim and ack of a plain job: ${figures}, ×${(own / base).toFixed(2)}`);
  console.log(`  a chain of two is enqueued in ${wall.toFixed(1)} µs`);
}

const folder = new URL("./.data/", import.meta.url).pathname;
mkdirSync(folder, { recursive: true });
for (const name of wanted.length > 0 ? (wanted as StoreName[]) : (Object.keys(stores) as StoreName[])) {
  console.log(name);
  const store = await stores[name].open(folder);
  await measureFanIn(store);
  await measureChains(store, name === "redis");
  await store.stop();
}
rmSync(folder, { recursive: true });
