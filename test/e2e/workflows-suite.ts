import { createClient, type FlowHandle, type Provider } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { afterEach, beforeEach, expect, it } from "vitest";
import { descriptor, type Jobs } from "../flow/declared-schema.ts";
import { optionsOf, type Place } from "./place.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

const pictures = ["a", "b", "c", "d"];
const file = "Album: a.small,b.small,c.small,d.small.small";

/** A declared workflow on the stores that `open` makes, whose worker is killed. */
export function workflowsSuite(open: () => Place): void {
  let place: Place;
  let provider: Provider;
  let jobs: Jobs;
  let workers: WorkerProcess[];

  beforeEach(async () => {
    place = open();
    provider = await createProvider(place.url, optionsOf(place));
    jobs = await createClient<Jobs>(descriptor, { provider });
    workers = [];
  });

  afterEach(async () => {
    for (const worker of workers) worker.kill("SIGKILL");
    await Promise.all(workers.map(({ exited }) => exited));
    await provider.stop();
    await place.remove();
  });

  function start(env: Readonly<Record<string, string>> = {}): WorkerProcess {
    const worker = startWorkerProcess(place, "1s", "workflows-process.ts", env);
    workers.push(worker);
    return worker;
  }

  async function kill(worker: WorkerProcess): Promise<void> {
    worker.kill("SIGKILL");
    await worker.exited;
  }

  async function publish() {
    const flow = await jobs.publish.enqueue({ pictures, tell: true });
    await flow.signal("album/approved", { by: "Ada" });
    return flow;
  }

  async function statesOf(flow: Pick<FlowHandle<unknown>, "status">): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries((await flow.status()).nodes.map(({ name, state }) => [name, state]));
  }

  /** How often each job was begun, over all workers. */
  function begun(): ReadonlyMap<unknown, number> {
    const counts = new Map<unknown, number>();
    for (const { event, job } of workers.flatMap(({ events }) => events)) {
      if (event === "started") counts.set(job, (counts.get(job) ?? 0) + 1);
    }
    return counts;
  }

  it.each([
    ["among the members of its map", 'resize {"picture":"c"}'],
    ["in the workflow within it", "sheet "],
    ["after the signal", "mail "],
    ["after the timer", 'resize {"picture":"Album'],
    ["in its last job", "alert "],
  ])("ends as if nothing had been when its worker is killed %s", { timeout: 120_000 }, async (_, at) => {
    const flow = await publish();
    const victim = start();
    await victim.seen(({ event, job }) => event === "started" && String(job).startsWith(at));
    await kill(victim);
    start();
    expect(await flow.result({ timeout: "60s" })).toEqual({ file, told: true });
    const states = Object.entries(await statesOf(flow)).filter(([, state]) => state !== "succeeded");
    expect(states).toEqual([["album/alert", "skipped"]]);
    const counts = begun();
    expect(counts.size).toBe(pictures.length + 4);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(2);
  });

  it("goes on when its worker is killed while a timer holds it back", { timeout: 120_000 }, async () => {
    const flow = await publish();
    const victim = start();
    await victim.seen(({ event, job }) => event === "ended" && String(job).startsWith("mail "));
    const album = async (): Promise<unknown> => (await statesOf(flow))["album"];
    await expect.poll(album, { interval: 5, timeout: 60_000 }).toBe("succeeded");
    await kill(victim);
    start();
    expect(await flow.result({ timeout: "60s" })).toEqual({ file, told: true });
  });

  it(
    "is cancelled with what a killed worker ran, and runs to its end when it is retried",
    { timeout: 120_000 },
    async () => {
      const flow = await publish();
      const victim = start({ HANG: '"picture":"c"' });
      await victim.seen(({ event, job }) => event === "started" && job === 'resize {"picture":"c"}');
      await kill(victim);
      expect(await flow.cancel()).toBe("cancelled");
      const other = start();
      const unfinished = { states: ["blocked", "scheduled", "ready", "running"] } as const;
      await expect.poll(() => provider.counts(unfinished), { timeout: 60_000 }).toEqual({});
      expect(other.events.filter(({ event }) => event === "started")).toEqual([]);
      await expect(flow.result()).rejects.toMatchObject({ code: "JW_JOB_CANCELLED" });

      await flow.retry();
      expect(await flow.result({ timeout: "60s" })).toEqual({ file, told: true });
      expect(begun().get('resize {"picture":"c"}')).toBe(2);
    },
  );
}
