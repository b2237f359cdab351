import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type FlowHandle, type Provider } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readHistory } from "./flows-history.ts";
import { draw, type Plan } from "./flows-plan.ts";
import { type StepJobs, steps } from "./flows-schema.ts";
import { randomPlans } from "./flows-shapes.ts";
import { problemsOf } from "./flows-verdict.ts";
import { optionsOf, type Place } from "./place.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

interface Begun {
  readonly plan: Plan;
  readonly flow: FlowHandle<unknown>;
}

const flowCount = 30;
/** Events of the history from one blow to the next. */
const pace = 20;

/** Random flows on the stores that `open` makes, while workers are killed and stopped; the verdict is read off what handlers wrote. */
export function flowsSuite(open: () => Place): void {
  let place: Place;
  let provider: Provider;
  let folder: string;
  let history: string;
  /** Three at a time. */
  let processes: WorkerProcess[];
  /** Those that were stopped, and go on. */
  let paused: WorkerProcess[];

  beforeEach(async () => {
    place = open();
    provider = await createProvider(place.url, optionsOf(place));
    folder = mkdtempSync(join(tmpdir(), "jobwright-flows-"));
    history = join(folder, "history.jsonl");
    processes = [];
    paused = [];
  });

  afterEach(async () => {
    for (const each of [...processes, ...paused]) each.kill("SIGKILL");
    await Promise.all([...processes, ...paused].map(({ exited }) => exited));
    await provider.stop();
    await place.remove();
    rmSync(folder, { recursive: true });
  });

  function start(): void {
    processes.push(startWorkerProcess(place, "1s", "flows-process.ts", { HISTORY: history }));
  }

  it(
    "runs every node once all it needs has ended, settles it once, and ends every flow",
    { timeout: 300_000 },
    async () => {
      const seed = randomInt(2 ** 31);
      const jobs = await createClient<StepJobs>(steps, { provider });
      const begun = await Promise.all(randomPlans(flowCount, seed).map((plan, n) => begin(jobs, `flow${n}`, plan)));
      for (let n = 0; n < 3; n++) start();
      // What waits for ever is found below.
      await strikeUntil(Promise.allSettled(begun.map(({ flow }) => flow.settled({ timeout: "2m" }))));
      await dismiss();

      const waiting = { states: ["blocked", "scheduled", "ready", "running"] } as const;
      expect(await provider.counts(waiting), `seed ${seed}`).toEqual({});
      const events = readHistory(history);
      const statuses = await Promise.all(begun.map(({ flow }) => flow.status()));
      const problems = begun.flatMap(({ plan }, n) => {
        const status = statuses[n];
        return status ? problemsOf(`flow${n}`, plan, status, events) : [];
      });
      expect(problems, `seed ${seed}`).toEqual([]);
    },
  );

  async function begin(jobs: StepJobs, id: string, plan: Plan): Promise<Begun> {
    return { plan, flow: await jobs.$flow.enqueue((builder) => draw(builder, jobs, id, plan)) };
  }

  /** Kills or stops one of the workers at every so many events, and starts another one for it. */
  async function strikeUntil(end: Promise<unknown>): Promise<void> {
    let over = false;
    const ended = end.finally(() => (over = true));
    for (let blow = 1; !over; blow++) {
      const reached = (): boolean => over || readHistory(history).length >= blow * pace;
      await expect.poll(reached, { interval: 10, timeout: 120_000 }).toBe(true);
      if (over) break;
      const victim = processes.splice(randomInt(3), 1)[0];
      if (blow % 2 === 0) victim?.kill("SIGKILL");
      else pause(victim);
      start();
    }
    await ended;
  }

  /** Longer than a lease; for ever would be for ever for others too, as it may hold a lock of the store. */
  function pause(victim: WorkerProcess | undefined): void {
    if (!victim) return;
    victim.kill("SIGSTOP");
    paused.push(victim);
    setTimeout(() => victim.kill("SIGCONT"), 2_500);
  }

  /** Those that were stopped go on, and report what nobody waits for any more. */
  async function dismiss(): Promise<void> {
    for (const each of [...processes, ...paused]) {
      each.kill("SIGCONT");
      each.kill("SIGTERM");
    }
    await Promise.all([...processes, ...paused].map(({ exited }) => exited));
  }
}
