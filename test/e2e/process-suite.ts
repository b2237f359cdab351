import { createClient, type ControlClient, type JobClient } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Provider } from "../../runtime/contract/index.ts";
import { descriptor, type Work } from "./descriptor.ts";
import { optionsOf, type Place } from "./place.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

interface Jobs {
  readonly work: JobClient<Work, { readonly pid: number }>;
  readonly $control: ControlClient;
}

const work = (action: Work["do"], ms = 0, n = 0): Work => ({ do: action, ms, n });

/** What several processes on one store owe each other. `newPlace` makes an empty store. */
export function processSuite(newPlace: () => Place): void {
  let place: Place;
  let provider: Provider;
  let jobs: Jobs;
  let workers: WorkerProcess[];

  function start(lease?: string): WorkerProcess {
    const worker = startWorkerProcess(place, lease);
    workers.push(worker);
    return worker;
  }

  beforeEach(async () => {
    place = newPlace();
    provider = await createProvider(place.url, optionsOf(place));
    jobs = await createClient<Jobs>(descriptor, { provider });
    workers = [];
  });

  afterEach(async () => {
    for (const worker of workers) worker.kill("SIGKILL");
    await Promise.all(workers.map((worker) => worker.exited));
    await provider.stop();
    await place.remove();
  });

  describe("several processes", () => {
    it("a job whose worker was killed runs again elsewhere, without losing an attempt", async () => {
      const first = start();
      const handle = await jobs.work.enqueue(work("wait", 1_000));
      await first.seen(({ event }) => event === "started");
      first.kill("SIGKILL");
      const second = start();
      const again = await second.seen(({ event }) => event === "started");
      expect(again).toMatchObject({ id: handle.id, attempt: 1, fence: 2 });
      expect(await handle.result()).toEqual({ pid: second.pid });
      expect(await jobs.$control.get(handle.id)).toMatchObject({ state: "succeeded", crashes: 1, attempt: 1 });
    });

    it("a worker frozen past its lease is refused when it wakes up", async () => {
      const zombie = start("2s");
      const handle = await jobs.work.enqueue(work("freeze"));
      await zombie.seen(({ event }) => event === "started");
      const heir = start("2s");
      expect(await handle.result()).toEqual({ pid: heir.pid });
      zombie.kill("SIGCONT");
      const refused = await zombie.seen(({ settlement, code }) => settlement === "stale" || code === "JW_LEASE_LOST");
      expect(refused).toBeDefined();
      expect(await handle.result()).toEqual({ pid: heir.pid });
      expect(await jobs.$control.get(handle.id)).toMatchObject({ fence: 2, state: "succeeded" });
    });

    it("a handler that keeps the CPU for longer than the lease keeps its job", async () => {
      const busy = start("2s");
      await busy.seen(({ event }) => event === "ready");
      const other = start("2s");
      await other.seen(({ event }) => event === "ready");
      const handle = await jobs.work.enqueue(work("spin", 5_000));
      await handle.result();
      expect(await jobs.$control.get(handle.id)).toMatchObject({ state: "succeeded", fence: 1, crashes: 0 });
    });

    it("SIGTERM lets short jobs end and gives long ones back uncounted", async () => {
      const worker = start();
      const short = await jobs.work.enqueue(work("wait", 200, 1));
      const long = await jobs.work.enqueue(work("hang", 0, 2));
      await worker.seen(({ event, n }) => event === "started" && n === 1);
      await worker.seen(({ event, n }) => event === "started" && n === 2);
      worker.kill("SIGTERM");
      expect(await worker.exited).toBe(0);
      expect(await worker.seen(({ event }) => event === "stopped")).toMatchObject({ succeeded: 1, released: 1 });
      expect(await short.status()).toBe("succeeded");
      expect(await jobs.$control.get(long.id)).toMatchObject({ state: "ready", attempt: 0, crashes: 0 });
      expect(worker.events).toContainEqual({ event: "aborted", id: long.id, code: "JW_SHUTDOWN" });
    });

    it("a job that takes its worker down every time ends dead", async () => {
      const handle = await jobs.work.enqueue(work("exit"));
      for (let crash = 1; crash <= 3; crash++) {
        const worker = start("2s");
        expect(await worker.exited).toBe(3);
      }
      start("2s");
      await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_DEAD", details: { reason: "crash-loop" } });
    });

    it("four processes share 2,000 jobs and run each once", async () => {
      const handles = await jobs.work.enqueueMany(Array.from({ length: 2_000 }, (_, n) => work("nothing", 0, n)));
      const crew = [start("30s"), start("30s"), start("30s"), start("30s")];
      await Promise.all(handles.map((handle) => handle.result()));
      for (const worker of crew) worker.kill("SIGTERM");
      await Promise.all(crew.map((worker) => worker.exited));
      const started = crew.flatMap((worker) => worker.events.filter(({ event }) => event === "started"));
      expect(new Set(started.map(({ n }) => n)).size).toBe(2_000);
      expect(started).toHaveLength(2_000);
      expect(await jobs.$control.counts()).toEqual({ work: { succeeded: 2_000 } });
    });

    it("cancel reaches a running handler in another process", async () => {
      const worker = start("2s");
      const handle = await jobs.work.enqueue(work("hang"));
      await worker.seen(({ event }) => event === "started");
      expect(await handle.cancel()).toBe("requested");
      await worker.seen(({ event, code }) => event === "aborted" && code === "JW_CANCELLED");
      await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_CANCELLED" });
    });
  });
}
