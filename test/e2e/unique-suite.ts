import { createTypedWorker } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { JobRecord, Provider } from "../../runtime/contract/index.ts";
import { optionsOf, type Place } from "./place.ts";
import { keyed, keys } from "./unique-schema.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

/** Processes that fight for unique keys and die, on the stores that `open` makes; the verdict is read off the jobs' lives. */
export function uniqueSuite(open: () => Place): void {
  let place: Place;
  let provider: Provider;
  let processes: WorkerProcess[];

  beforeEach(async () => {
    place = open();
    provider = await createProvider(place.url, optionsOf(place));
    await provider.start();
    processes = [];
  });

  afterEach(async () => {
    for (const each of processes) each.kill("SIGKILL");
    await Promise.all(processes.map(({ exited }) => exited));
    await provider.stop();
    await place.remove();
  });

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

  it("at no moment live two jobs of one key, whoever enqueues, works and is killed", async () => {
    const start = (): WorkerProcess => startWorkerProcess(place, "1s", "unique-process.ts");
    processes.push(start(), start(), start());
    for (let round = 0; round < 3; round++) {
      const [victim] = processes.splice(0, 1);
      await victim?.seen(({ won }) => typeof won === "number" && won >= 10);
      victim?.kill("SIGKILL");
      await victim?.exited;
      processes.push(start());
    }
    await Promise.all(processes.map((each) => each.seen(({ won }) => typeof won === "number" && won >= 5)));
    for (const each of processes) each.kill("SIGKILL");
    await Promise.all(processes.map(({ exited }) => exited));
    await finish();

    const jobs = await allJobs();
    for (const key of keys) {
      const lives = jobs
        .filter(({ payload }) => payload.includes(`"key":"${key}"`))
        .map(({ enqueuedAt, finishedAt = Number.NaN }) => ({ enqueuedAt, finishedAt }))
        .sort((a, b) => a.enqueuedAt - b.enqueuedAt || a.finishedAt - b.finishedAt);
      expect(lives.length).toBeGreaterThan(5);
      for (const [index, { enqueuedAt }] of lives.entries()) {
        expect(enqueuedAt).toBeGreaterThanOrEqual(lives[index - 1]?.finishedAt ?? 0);
      }
    }
    expect(new Set(jobs.map(({ state }) => state))).toEqual(new Set(["succeeded"]));
  });

  /** What the dead left behind is run here, without anything new. */
  async function finish(): Promise<void> {
    await using worker = await createTypedWorker(keyed, {
      provider,
      handlers: { work: () => {} },
      lease: "1s",
      heartbeat: "main",
    });
    await worker.start();
    const waiting = { states: ["scheduled", "ready", "running"] } as const;
    await expect.poll(() => provider.counts(waiting), { timeout: 20_000 }).toEqual({});
  }
}
