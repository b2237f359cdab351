import { randomUUID } from "node:crypto";
import { setTimeout as after } from "node:timers/promises";
import { createClient } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { isRetryable, type JobRecord } from "../../runtime/contract/index.ts";
import { type Kind, loadDescriptor, type LoadJobs } from "./load-schema.ts";
import { optionsOf, type Place } from "./place.ts";
import { type Evidence, judge, type Verdict } from "./verdict.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

export interface LoadOptions {
  readonly place: Place;
  /**
   * How long jobs are enqueued and things go wrong, or longer until everything went wrong once. What is left is then worked
   * off in peace.
   */
  readonly seconds: number;
  /** Lets the server crash and starts it again; absent if there is none. */
  readonly restart?: () => Promise<void>;
}

export interface LoadReport extends Verdict {
  readonly enqueued: number;
  /** Jobs per final state. */
  readonly ended: Readonly<Record<string, number>>;
  /** Claims that ended with the worker vanishing. */
  readonly crashes: number;
  /** Late settlements that the store refused. */
  readonly refused: number;
  readonly kills: number;
  readonly freezes: number;
  readonly restarts: number;
}

const crewSize = 3;
const producers = 8;
/** Jobs that may be open at a time, so that the load does not end with a mountain. */
const backlog = 500;
const leaseMs = 2_000;
/** Longer than a lease, and shorter than a writer waits for SQLite's lock, which a frozen process may hold. */
const freezeMs = 3_000;
/** From one misfortune to the next. */
const pauseMs = 500;
const drainMs = 60_000;
/** One in ten fails at first, one in fifty for good, one in twenty is cancelled, one in five takes its time, and some much. */
const mix: readonly Kind[] = Array.from({ length: 100 }, (_, n): Kind => {
  if (n % 50 === 7) return "hopeless";
  if (n % 50 === 11) return "long";
  if (n % 20 === 3) return "cancelled";
  if (n % 10 === 5) return "flaky";
  return n % 5 === 4 ? "wait" : "nothing";
});

/** Enqueues and works off a mix of jobs while workers are killed and frozen and the server crashes; then counts. */
export async function runLoad({ place, seconds, restart }: LoadOptions): Promise<LoadReport> {
  const provider = await createProvider(place.url, optionsOf(place));
  const jobs = await createClient<LoadJobs>(loadDescriptor, { provider });
  const crew = createCrew(place);
  try {
    await crew.ready();
    const over = new AbortController();
    const production = produce(jobs, over.signal);
    const misfortunes = await misfortune(crew, seconds, restart).finally(() => over.abort());
    const { accepted, cancelled } = await production;
    await drained(jobs);
    await crew.dismiss();
    const records = await allRecords(jobs);
    const settled = [...crew.events("settled"), ...cancelled.map((id) => ({ id }))];
    return { ...misfortunes, ...summary({ accepted, settled, records }, crew.events("refused").length) };
  } finally {
    await crew.kill();
    await provider.stop();
  }
}

function summary(evidence: Evidence, refused: number): Omit<LoadReport, "kills" | "freezes" | "restarts"> {
  const ended: Record<string, number> = {};
  for (const { state } of evidence.records) ended[state] = (ended[state] ?? 0) + 1;
  const crashes = evidence.records.reduce((sum, record) => sum + record.crashes, 0);
  return { ...judge(evidence), enqueued: evidence.accepted.size, ended, crashes, refused };
}

interface Crew {
  events(name: "settled" | "refused"): readonly { readonly id: string; readonly fence?: number | undefined }[];
  /** Until every worker works. */
  ready(): Promise<void>;
  /** One worker, killed, and another in its place. */
  replace(): Promise<void>;
  /** One worker, frozen for longer than its leases last. */
  freeze(): Promise<void>;
  /** Lets all of them end what they do. */
  dismiss(): Promise<void>;
  kill(): Promise<void>;
}

/** Workers under a supervisor, which starts another for each that ends: a worker does not start during an outage. */
function createCrew(place: Place): Crew {
  const all: WorkerProcess[] = [];
  let active: WorkerProcess[] = [];
  let open = true;

  function hire(): void {
    const worker = startWorkerProcess(place, `${leaseMs / 1_000}s`, "load-process.ts");
    all.push(worker);
    active.push(worker);
    void worker.exited.then(() => {
      active = active.filter((one) => one !== worker);
      if (open) hire();
    });
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    open = false;
    for (const worker of active) worker.kill(signal);
    await Promise.all(all.map((worker) => worker.exited));
  }

  for (let n = 0; n < crewSize; n++) hire();
  return {
    events: (name) =>
      all.flatMap(({ events }) =>
        events.flatMap(({ event, id, fence }) => (event === name && id !== undefined ? [{ id, fence }] : [])),
      ),
    async ready() {
      await Promise.all(active.map((worker) => worker.seen(({ event }) => event === "ready")));
    },
    async replace() {
      const [victim] = active;
      victim?.kill("SIGKILL");
      await victim?.exited;
    },
    async freeze() {
      const [victim] = active;
      victim?.kill("SIGSTOP");
      await after(freezeMs);
      victim?.kill("SIGCONT");
    },
    dismiss: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

interface Production {
  readonly accepted: Map<string, Kind>;
  /** Waiting jobs whose cancellation was confirmed. */
  readonly cancelled: string[];
}

async function produce(jobs: LoadJobs, over: AbortSignal): Promise<Production> {
  const production: Production = { accepted: new Map(), cancelled: [] };
  let n = 0;
  let open = 0;

  async function one(): Promise<void> {
    const kind = mix[n++ % mix.length] ?? "nothing";
    const id = randomUUID();
    const options = { id, priority: n % 3, ...(n % 7 === 0 && { delay: "500ms" as const }) };
    const handle = await insist(() => jobs.load.enqueue({ kind }, options));
    production.accepted.set(id, kind);
    if (kind !== "cancelled") return;
    const outcome = await insist(() => handle.cancel());
    if (outcome === "cancelled") production.cancelled.push(id);
  }

  async function many(): Promise<void> {
    const ids = Array.from({ length: 20 }, () => ({ kind: mix[n++ % mix.length] ?? "nothing" }) as const);
    const inputs = ids.filter(({ kind }) => kind !== "cancelled");
    // Not again if it fails: ids are made inside, and a second call would be about other jobs.
    const handles = await jobs.load.enqueueMany(inputs).catch((error: unknown) => refuseFinal(error));
    for (const [index, { id }] of (handles ?? []).entries())
      production.accepted.set(id, inputs[index]?.kind ?? "nothing");
  }

  async function producer(): Promise<void> {
    while (!over.aborted) {
      if (open > backlog) await after(20);
      else await (n % 100 < 4 ? many() : one());
    }
  }

  async function watchBacklog(): Promise<void> {
    while (!over.aborted) {
      open = await openJobs(jobs);
      await after(100);
    }
  }

  await Promise.all([watchBacklog(), ...Array.from({ length: producers }, producer)]);
  return production;
}

/** Asks again, unchanged, until the store answers: that is what a caller does whose reply was lost. */
async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      refuseFinal(error);
      await after(50);
    }
  }
}

function refuseFinal(error: unknown): undefined {
  if (!isRetryable(error)) throw error;
}

/** One after the other, over and over: kills, freezes, crashes of the server. */
async function misfortune(
  crew: Crew,
  seconds: number,
  restart: (() => Promise<void>) | undefined,
): Promise<Pick<LoadReport, "kills" | "freezes" | "restarts">> {
  const done = { kills: 0, freezes: 0, restarts: 0 };
  const kill = (): Promise<unknown> => crew.replace().then(() => done.kills++);
  const freeze = (): Promise<unknown> => crew.freeze().then(() => done.freezes++);
  const crash = async (): Promise<unknown> => restart?.().then(() => done.restarts++);
  const plan = [kill, freeze, crash, kill, () => Promise.all([freeze(), crash()])];
  const until = performance.now() + seconds * 1_000;
  // However slow the machine is, each of them happens.
  for (let turn = 0; turn < plan.length || performance.now() < until; turn++) {
    await after(pauseMs);
    await plan[turn % plan.length]?.();
  }
  return done;
}

/** Until nothing waits and nothing runs, or too long has passed: the verdict will tell. */
async function drained(jobs: LoadJobs): Promise<void> {
  const deadline = performance.now() + drainMs;
  while ((await openJobs(jobs)) > 0 && performance.now() < deadline) await after(50);
}

async function openJobs(jobs: LoadJobs): Promise<number> {
  const { load = {} } = await insist(() => jobs.$control.counts({ states: ["scheduled", "ready", "running"] }));
  return Object.values(load).reduce((sum, count) => sum + count, 0);
}

async function allRecords(jobs: LoadJobs): Promise<readonly JobRecord[]> {
  const records: JobRecord[] = [];
  let cursor: string | undefined;
  do {
    const from = cursor;
    const page = await insist(() => jobs.$control.list({ limit: 1_000, ...(from !== undefined && { cursor: from }) }));
    records.push(...page.jobs);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return records;
}
