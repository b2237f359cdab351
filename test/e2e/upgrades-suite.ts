import { createClient, createTypedWorker } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { JobRecord, Provider } from "../../runtime/contract/index.ts";
import { optionsOf, type Place } from "./place.ts";
import {
  type BuildName,
  builds,
  type OldOrder,
  type OrderJobs,
  orderOf,
  type Seen,
  upgradeOrder,
} from "./upgrades-schema.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

/** Rolling deploys of a job whose payload changed, on the stores that `open` makes; the verdict is read off the jobs. */
export function upgradesSuite(open: () => Place): void {
  let place: Place;
  let provider: Provider;
  /** All that were started, the dead ones too. */
  let processes: WorkerProcess[];

  beforeEach(async () => {
    place = open();
    provider = await createProvider(place.url, optionsOf(place));
    await provider.start();
    processes = [];
  });

  afterEach(async () => {
    await killAll();
    await provider.stop();
    await place.remove();
  });

  async function killAll(): Promise<void> {
    for (const each of processes) each.kill("SIGKILL");
    await Promise.all(processes.map(({ exited }) => exited));
  }

  function start(build: BuildName): WorkerProcess {
    const started = startWorkerProcess(place, "1s", "upgrades-process.ts", { BUILD: build });
    processes.push(started);
    return started;
  }

  /** Until the process has run so many jobs. */
  const hasHandled = (process: WorkerProcess, count: number): Promise<unknown> =>
    process.seen(({ handled }) => typeof handled === "number" && handled >= count);

  async function crash(process: WorkerProcess): Promise<void> {
    await hasHandled(process, 20);
    process.kill("SIGKILL");
    await process.exited;
  }

  it.each<readonly [BuildName, BuildName]>([
    ["old", "new"],
    ["new", "old"],
  ])("lose nothing, and every build gets what it can read: %s first, then %s", async (first, second) => {
    const early = start(first);
    await hasHandled(early, 5);
    const late = start(second);
    await Promise.all([crash(early), crash(late)]);
    const [again, other] = [start(first), start(second)];
    await Promise.all([hasHandled(again, 10), hasHandled(other, 10)]);
    await killAll();
    // Whatever came to whom so far, one of the old is left to the new.
    const old = await createClient<OrderJobs>(builds.old, { provider });
    await old.order.enqueue(orderOf("old", 0));
    await finish();

    const jobs = await allJobs();
    const ids = new Set(jobs.map(({ id }) => id));
    const told = processes.flatMap(({ events }) => events.flatMap((event) => event["ids"] as readonly string[]));
    expect(told.filter((id) => !ids.has(id))).toEqual([]);
    expect(jobs.filter(({ state }) => state !== "succeeded")).toEqual([]);
    const seen = jobs.map((job) => [job, seenOf(job)] as const);
    for (const [job, { build, got }] of seen) expect(got).toEqual(expectedBy(build, job));
    const kinds = new Set(seen.map(([{ version }, { build }]) => `version ${version} by ${build}`));
    expect([...kinds].sort()).toEqual(["version 1 by new", "version 1 by old", "version 2 by new"]);
  });

  /** What the dead left behind is run here by the new build, without anything new. */
  async function finish(): Promise<void> {
    await using worker = await createTypedWorker(builds.new, {
      provider,
      handlers: { order: (got: unknown): Seen => ({ build: "new", got }) },
      lease: "1s",
      heartbeat: "main",
    });
    await worker.start();
    const waiting = { states: ["scheduled", "ready", "running"] } as const;
    await expect.poll(() => provider.counts(waiting), { timeout: 20_000 }).toEqual({});
  }

  async function allJobs(): Promise<readonly JobRecord[]> {
    const jobs: JobRecord[] = [];
    let cursor: string | undefined;
    do {
      const page = await provider.list({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
      jobs.push(...page.jobs);
      ({ cursor } = page);
    } while (cursor !== undefined);
    return jobs;
  }
}

function seenOf({ output = "" }: JobRecord): Seen {
  return JSON.parse(output) as Seen; // returned by a handler of one of the builds
}

/** What a handler of this build has to be given for the job. */
function expectedBy(build: BuildName, { payload, version }: JobRecord): unknown {
  const stored: unknown = JSON.parse(payload);
  return build === "new" && version === 1 ? upgradeOrder(stored as OldOrder) : stored; // by the old build's producer
}
