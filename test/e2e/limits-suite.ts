import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Provider } from "../../runtime/contract/index.ts";
import { type LimitedJobs, type LimitedName, limits, limitsDescriptor } from "./limits-schema.ts";
import { type Kill, type Line, mostAtATime, mostInAWindow, outOfOrder } from "./limits-verdict.ts";
import { optionsOf, type Place } from "./place.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

const leaseMs = 4_000;
/** Heartbeats come at every third of a lease, so this much of it is left even if one came late. */
const leftMs = leaseMs / 4;
const counts = { pool: 60, line: 60, paced: 40 } as const;
const twoMinutes = 120_000;

/** Whether limits hold over processes, judged by what their handlers wrote down. `newPlace` makes an empty store. */
export function limitsSuite(newPlace: () => Place): void {
  let place: Place;
  let provider: Provider;
  let jobs: LimitedJobs;
  let folder: string;
  let crew: readonly WorkerProcess[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "jobwright-limits-"));
    place = newPlace();
    provider = await createProvider(place.url, optionsOf(place));
    jobs = await createClient<LimitedJobs>(limitsDescriptor, { provider });
    crew = Array.from({ length: 3 }, () =>
      startWorkerProcess(place, `${leaseMs / 1_000}s`, "limits-process.ts", { HISTORY: join(folder, "history") }),
    );
  });

  afterEach(async () => {
    for (const worker of crew) worker.kill("SIGKILL");
    await Promise.all(crew.map((worker) => worker.exited));
    await provider.stop();
    await place.remove();
    rmSync(folder, { recursive: true });
  });

  /** In the order of `n` for each key. */
  async function enqueueAll(): Promise<void> {
    const keys = ["a", "b", "c", "d"];
    await jobs.pool.enqueueMany(Array.from({ length: counts.pool }, (_, n) => ({ n, key: "" })));
    await jobs.paced.enqueueMany(Array.from({ length: counts.paced }, (_, n) => ({ n, key: "" })));
    for (let n = 0; n < counts.line / keys.length; n++) {
      await jobs.line.enqueueMany(keys.map((key) => ({ n, key })));
    }
  }

  /** Kills the worker that is in the middle of the fatal job of the pool. */
  async function killOne(): Promise<Kill> {
    const met = crew.map(async (worker) => {
      await worker.seen(({ event }) => event === "fatal");
      return worker;
    });
    const victim = await Promise.race(met);
    victim.kill("SIGKILL");
    await victim.exited;
    return { pid: victim.pid, at: Date.now(), leftMs };
  }

  function history(job: LimitedName): readonly Line[] {
    const lines = readFileSync(join(folder, "history"), "utf8").trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line) as Line).filter((line) => line.job === job); // written by the workers
  }

  /** Attempts that a process began and did not end. */
  function unfinished(lines: readonly Line[], pid: number): readonly Line[] {
    const own = lines.filter((line) => line.pid === pid);
    const attempt = ({ id, fence }: Line): string => `${id}/${fence}`;
    const ended = own.filter(({ event }) => event === "end" || event === "failed").map(attempt);
    return own.filter((line) => line.event === "start" && !ended.includes(attempt(line)));
  }

  describe("limits over three processes, one of which is killed", () => {
    it(
      "hold at every moment, and every job ends",
      async () => {
        await Promise.all(crew.map((worker) => worker.seen(({ event }) => event === "ready")));
        await enqueueAll();
        const kill = await killOne();
        await jobs.$control.drain({ scheduled: true, timeout: "60s" });

        const pool = history("pool");
        const [atATime, starts] = [mostAtATime(pool, kill), mostInAWindow(history("paced"), limits.windowMs)];
        expect(atATime).toBeLessThanOrEqual(limits.atATime);
        expect(outOfOrder(history("line"))).toEqual([]);
        expect(starts).toBeLessThanOrEqual(limits.starts);
        // Otherwise it proves little.
        expect(Math.min(atATime, starts)).toBeGreaterThan(1);
        const { limited = {} } = await jobs.$control.counts();
        expect(limited).toEqual({ succeeded: counts.pool + counts.line + counts.paced });
        expect(unfinished(pool, kill.pid)).not.toEqual([]);
      },
      twoMinutes,
    );
  });
}
