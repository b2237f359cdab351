import { createProvider } from "jobwright/provider";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Provider } from "../../runtime/contract/index.ts";
import { optionsOf, type Place } from "./place.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

const second = 1_000;

/** A schedule of every second and processes that die or stand still, on the stores that `open` makes. */
export function schedulesSuite(open: () => Place): void {
  let place: Place;
  let provider: Provider;
  let workers: WorkerProcess[];

  beforeEach(async () => {
    place = open();
    provider = await createProvider(place.url, optionsOf(place));
    await provider.start();
    workers = [];
  });

  afterEach(async () => {
    for (const worker of workers) worker.kill("SIGKILL");
    await Promise.all(workers.map((worker) => worker.exited));
    await provider.stop();
    await place.remove();
  });

  /** Resolves with the first slot from `from` on whose job runs anywhere. */
  async function slotRuns(from: number): Promise<number> {
    const events = workers.map((worker) => worker.seen(({ n = 0 }) => n >= from));
    const { n = 0 } = await Promise.race(events);
    return n;
  }

  it("is enqueued once a second by four processes, one of which is killed and one of which is frozen", async () => {
    for (let n = 0; n < 4; n++) workers.push(startWorkerProcess(place, "2s", "schedule-process.ts"));
    const [victim, sleeper] = workers;
    const first = await slotRuns(0);
    await slotRuns(first + 2 * second);
    victim?.kill("SIGKILL");
    sleeper?.kill("SIGSTOP");
    await slotRuns(first + 5 * second);
    sleeper?.kill("SIGCONT");
    await slotRuns(first + 8 * second);
    for (const worker of workers) worker.kill("SIGKILL");
    await Promise.all(workers.map((worker) => worker.exited));

    const { jobs } = await provider.list({ limit: 1_000 });
    const slots = jobs.map(({ payload }) => (JSON.parse(payload) as { n: number }).n).sort((a, b) => a - b);
    const [start = 0] = slots;
    expect(slots).toEqual(slots.map((_, index) => start + index * second));
    expect(slots.length).toBeGreaterThanOrEqual(9);
  });
}
