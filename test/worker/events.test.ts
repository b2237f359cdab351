import { describe, expect, it } from "vitest";
import {
  createFakeClock,
  createMemoryProvider,
  faultInjecting,
  type PlannedFault,
} from "../../runtime/testing/index.ts";
import {
  clientOf,
  createLog,
  createSignal,
  describeJobs,
  type Handler,
  numbered,
  retries,
  workerOf,
} from "./fixture.ts";

async function setUp(handler: Handler, plan: readonly PlannedFault[] = []) {
  const provider = faultInjecting(createMemoryProvider({ clock: createFakeClock() }), plan);
  const descriptor = describeJobs({ work: { retry: retries(2), output: numbered } });
  const client = await clientOf(provider, descriptor);
  const log = createLog();
  const worker = await workerOf(provider, descriptor, { work: handler }, { logger: log, lease: "1s" });
  const events: [string, unknown][] = [];
  for (const type of ["succeeded", "retrying", "dead", "cancelled"] as const) {
    worker.on(type, (event) => events.push([type, event]));
  }
  return { provider, client, worker, events, log };
}

describe("events of a worker", () => {
  it("tell every end of an attempt with what belongs to it", async () => {
    const error = new Error("no");
    const { client, worker, events } = await setUp(({ n }, { attempt }) => {
      if (n === 2 || attempt === 1) throw error;
      return { n };
    });
    await using _running = worker;
    const one = await client.work.enqueue({ n: 1 });
    await worker.start();
    await one.settled();
    const two = await client.work.enqueue({ n: 2 });
    await two.settled();
    await worker.idle();
    expect(events).toEqual([
      ["retrying", { job: "work", id: one.id, attempt: 1, error, delayMs: 0 }],
      ["succeeded", { job: "work", id: one.id, attempt: 2, output: { n: 1 } }],
      ["retrying", { job: "work", id: two.id, attempt: 1, error, delayMs: 0 }],
      ["dead", { job: "work", id: two.id, attempt: 2, error, reason: "attempts-exhausted" }],
    ]);
  });

  it("tell that a job was cancelled, whatever its handler returned", async () => {
    const started = createSignal();
    const { client, worker, events } = await setUp(async ({ n }, { signal }) => {
      started.fire();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return { n };
    });
    await using _running = worker;
    const handle = await client.work.enqueue({ n: 1 });
    await worker.start();
    await started.promise;
    await handle.cancel();
    await handle.settled();
    await worker.idle();
    expect(events).toEqual([["cancelled", { job: "work", id: handle.id, attempt: 1 }]]);
  });

  it("come once, and only after the store has accepted the end", async () => {
    const { client, worker, events, provider } = await setUp(
      ({ n }) => ({ n }),
      [{ call: "ack", fault: "fail-before" }],
    );
    const states: Promise<unknown>[] = [];
    worker.on("succeeded", ({ id }) => states.push(provider.get(id).then((job) => job?.state)));
    await using _running = worker;
    const handle = await client.work.enqueue({ n: 1 });
    await worker.start();
    await handle.settled();
    await worker.idle();
    expect(events).toHaveLength(1);
    expect(await Promise.all(states)).toEqual(["succeeded"]);
  });

  it("go to nobody who has stopped listening, and a listener that fails harms nobody", async () => {
    const { client, worker, events, log } = await setUp(({ n }) => ({ n }));
    let told = 0;
    const stop = worker.on("succeeded", () => told++);
    stop();
    stop();
    worker.on("succeeded", () => {
      throw new Error("broken");
    });
    worker.on("succeeded", () => Promise.reject(new Error("broken later")));
    await using _running = worker;
    const handle = await client.work.enqueue({ n: 1 });
    await worker.start();
    expect(await handle.result()).toEqual({ n: 1 });
    await worker.idle();
    expect(told).toBe(0);
    expect(events).toHaveLength(1);
    expect(log.lines.filter(({ message }) => message === "a listener failed")).toHaveLength(2);
  });
});
