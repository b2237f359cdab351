import { describe, expect, it } from "vitest";
import type { Provider } from "../../runtime/contract/index.ts";
import { loadMakers } from "../../runtime/core/job-makers.ts";
import { createScheduler } from "../../runtime/maintenance/scheduler.ts";
import type { Service } from "../../runtime/maintenance/service.ts";
import type { ScheduleTiming } from "../../runtime/core/schedule.ts";
import {
  createFakeClock,
  createMemoryProvider,
  createMemoryStore,
  faultInjecting,
} from "../../runtime/testing/index.ts";
import { clientOf, createSignal, type Definition, describeJobs, workerOf } from "./fixture.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const hourly: ScheduleTiming = { cron: "0 * * * *", timeZone: "UTC", catchUp: "latest", overlap: "allow" };

/** A job with one schedule, `work.nightly`. */
function scheduled(timing: Partial<ScheduleTiming> = {}, input: unknown = { n: 1 }, more: Definition = {}): Definition {
  return { schedules: { nightly: { ...hourly, ...timing } }, scheduleInputs: { nightly: input }, ...more };
}

async function setUp(definition: Definition = scheduled()) {
  const clock = createFakeClock();
  const store = createMemoryStore();
  const provider = createMemoryProvider({ clock, store });
  const refusals: { readonly key: string; readonly error: unknown }[] = [];
  /** A worker process of a build that has these definitions. */
  async function build(definitions: Readonly<Record<string, Definition>>, on: Provider = provider): Promise<Service> {
    return createScheduler({
      provider: on,
      makers: await loadMakers(describeJobs(definitions)),
      failed: () => undefined,
      refused: (key, error) => void refusals.push({ key, error }),
    });
  }
  const scheduler = await build({ work: definition });
  const client = await clientOf(provider, describeJobs({ work: definition }));
  /** Payloads, the oldest first. */
  const payloads = async (): Promise<readonly string[]> =>
    (await provider.list({})).jobs.map(({ payload }) => payload).reverse();
  const one = async () => (await provider.schedules()).schedules[0];
  return { clock, provider, client, scheduler, build, refusals, payloads, one };
}

const ofSlot = (slot: Date): object => ({ n: slot.getTime() });

describe("a schedule of the schema", () => {
  it("enqueues a job at each slot, and not before", async () => {
    const { clock, scheduler, payloads } = await setUp(scheduled({}, ofSlot));
    const start = clock.now();
    await scheduler.tick();
    clock.advance(hour - 1);
    await scheduler.tick();
    expect(await payloads()).toEqual([]);
    clock.advance(1);
    await scheduler.tick();
    await scheduler.tick();
    clock.advance(hour);
    await scheduler.tick();
    expect(await payloads()).toEqual([`{"n":${start + hour}}`, `{"n":${start + 2 * hour}}`]);
  });

  it("is looked at when the next slot is due, and at least every second", async () => {
    const { clock, scheduler } = await setUp();
    expect(await scheduler.tick()).toBe(second);
    clock.advance(hour - 300);
    expect(await scheduler.tick()).toBe(300);
    clock.advance(300);
    expect(await scheduler.tick()).toBe(second);
  });

  it("is fired once, however many processes there are", async () => {
    const { clock, build, payloads, scheduler } = await setUp();
    const others = await Promise.all([1, 2, 3].map(() => build({ work: scheduled() })));
    await Promise.all([scheduler, ...others].map((each) => each.tick()));
    clock.advance(hour);
    await Promise.all([scheduler, ...others].map((each) => each.tick()));
    expect(await payloads()).toHaveLength(1);
  });

  it("does not enqueue a slot twice when it was removed and is there again", async () => {
    const { clock, provider, build, scheduler, payloads } = await setUp();
    await scheduler.tick();
    clock.advance(hour);
    await scheduler.tick();
    await provider.removeSchedules(["work.nightly"]);
    clock.advance(-1);
    await (await build({ work: scheduled() })).tick();
    clock.advance(1);
    await scheduler.tick();
    expect(await payloads()).toHaveLength(1);
  });

  it.each([
    ["latest", [5]],
    ["none", []],
    [{ all: 3 }, [3, 4, 5]],
    [{ all: 100 }, [1, 2, 3, 4, 5]],
  ] as const)("after a downtime, with catchUp %j, enqueues the missed slots %j", async (catchUp, expected) => {
    const { clock, scheduler, payloads } = await setUp(scheduled({ catchUp }, ofSlot));
    const start = clock.now();
    await scheduler.tick();
    clock.advance(5 * hour + 2 * minute);
    await scheduler.tick();
    expect(await payloads()).toEqual(expected.map((n) => `{"n":${start + n * hour}}`));
    clock.advance(58 * minute);
    await scheduler.tick();
    expect((await payloads()).at(-1)).toBe(`{"n":${start + 6 * hour}}`);
  });

  it.each([
    [60 * second, 1],
    [60 * second + 1, 0],
  ])("with catchUp none, %d ms late enqueues %d jobs", async (late, expected) => {
    const { clock, scheduler, payloads } = await setUp(scheduled({ catchUp: "none" }));
    await scheduler.tick();
    clock.advance(hour + late);
    await scheduler.tick();
    expect(await payloads()).toHaveLength(expected);
  });

  it("with seconds loses no slot of a worker that was busy for some seconds", async () => {
    const { clock, scheduler, payloads } = await setUp(scheduled({ cron: "* * * * * *" }));
    await scheduler.tick();
    clock.advance(4 * second);
    await scheduler.tick();
    expect(await payloads()).toHaveLength(4);
  });

  it("with overlap skip leaves a slot out while the job of an earlier one is not final", async () => {
    const { clock, provider, scheduler, payloads } = await setUp(scheduled({ overlap: "skip" }, ofSlot));
    await scheduler.tick();
    for (let n = 0; n < 2; n++) {
      clock.advance(hour);
      await scheduler.tick();
    }
    expect(await payloads()).toHaveLength(1);
    await provider.cancel((await provider.list({})).jobs.map(({ id }) => id));
    clock.advance(hour);
    await scheduler.tick();
    expect(await payloads()).toHaveLength(2);
  });

  it("with jitter starts each job some time later, the same in every process", async () => {
    const runs = await Promise.all(
      [1, 2].map(async () => {
        const { clock, provider, scheduler } = await setUp(scheduled({ catchUp: { all: 20 }, jitterMs: minute }));
        const start = clock.now();
        await scheduler.tick();
        clock.advance(20 * hour);
        await scheduler.tick();
        const { jobs } = await provider.list({});
        return jobs.map(({ runAt }, index) => runAt - start - (20 - index) * hour);
      }),
    );
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).toHaveLength(20);
    expect(new Set(runs[0]).size).toBeGreaterThan(15);
    for (const late of runs[0] ?? []) expect(late >= 0 && late < minute).toBe(true);
  });

  it("has its job's own unique key otherwise", async () => {
    const unique = { by: ["n"], scope: "live", onConflict: "ignore" } as const;
    const { clock, scheduler, client, payloads } = await setUp(scheduled({}, { n: 1 }, { unique }));
    await client.work.enqueue({ n: 1 });
    await scheduler.tick();
    clock.advance(hour);
    await scheduler.tick();
    expect(await payloads()).toHaveLength(1);
  });
});

describe("a changed schema", () => {
  it("keeps a missed slot when only input or policy are others", async () => {
    const { clock, build, scheduler, payloads } = await setUp(scheduled({}, { n: 1 }));
    await scheduler.tick();
    clock.advance(hour + 10 * minute);
    await (await build({ work: scheduled({ catchUp: { all: 5 } }, { n: 2 }) })).tick();
    expect(await payloads()).toEqual(['{"n":2}']);
  });

  it("begins anew when the expression or the zone is another", async () => {
    const { clock, build, scheduler, payloads, one } = await setUp();
    await scheduler.tick();
    clock.advance(hour + 10 * minute);
    await (await build({ work: scheduled({ cron: "30 * * * *" }) })).tick();
    expect(await payloads()).toEqual([]);
    expect((await one())?.nextAt).toBe(clock.now() + 20 * minute);
  });

  it("removes what it no longer has, of jobs that it has, and leaves those of clients", async () => {
    const { client, provider, build, scheduler } = await setUp();
    await (await build({ other: scheduled() })).tick();
    await scheduler.tick();
    await client.work.schedule("mine", { cron: "0 * * * *", input: { n: 1 } });
    await (await build({ work: {} })).tick();
    const keys = (await provider.schedules()).schedules.map(({ key }) => key);
    expect(keys).toEqual(["other.nightly", "work/mine"]);
  });

  it("is fired by workers of that build alone", async () => {
    const { clock, build, scheduler, payloads } = await setUp(scheduled({}, { n: 1 }));
    await scheduler.tick();
    const newer = await build({ work: scheduled({}, { n: 2 }) });
    await newer.tick();
    clock.advance(hour);
    expect(await scheduler.tick()).toBe(second);
    expect(await payloads()).toEqual([]);
    await newer.tick();
    expect(await payloads()).toEqual(['{"n":2}']);
  });

  it("is taken over when its last put was by a build that has no worker any more", async () => {
    const { clock, build, scheduler, payloads } = await setUp(scheduled({}, { n: 1 }));
    await scheduler.tick();
    await (await build({ work: scheduled({}, { n: 2 }) })).tick();
    clock.advance(hour + minute + 1);
    await scheduler.tick();
    await scheduler.tick();
    expect(await payloads()).toEqual(['{"n":1}']);
  });
});

describe("a schedule whose input cannot be had", () => {
  const broken = (): never => {
    throw new Error("no input today");
  };

  it.each([
    ["throws", broken, /no input today/],
    ["gives what does not fit", () => ({ n: "1" }), /does not fit/],
  ])("because its function %s is logged, and the others go on", async (_what, input, message) => {
    const both = { nightly: hourly, sound: hourly };
    const definition = { schedules: both, scheduleInputs: { nightly: input, sound: { n: 1 } } };
    const { clock, scheduler, payloads, refusals } = await setUp(definition);
    await scheduler.tick();
    clock.advance(hour);
    expect(await scheduler.tick()).toBe(second);
    expect(await payloads()).toEqual(['{"n":1}']);
    expect(refusals).toMatchObject([{ key: "work.nightly", error: { message: expect.stringMatching(message) } }]);
  });

  it("keeps its slot, and is tried again after growing pauses", async () => {
    let isBroken = true;
    const input = (slot: Date): object => (isBroken ? broken() : ofSlot(slot));
    const { clock, scheduler, payloads, refusals } = await setUp(scheduled({}, input));
    const slot = clock.now() + hour;
    await scheduler.tick();
    clock.advance(hour);
    for (let n = 0; n < 60; n++) {
      await scheduler.tick();
      clock.advance(second);
    }
    expect(refusals).toHaveLength(6);
    isBroken = false;
    clock.advance(minute);
    await scheduler.tick();
    expect(await payloads()).toEqual([`{"n":${slot}}`]);
  });

  it("does not keep more sound ones waiting than one call has room for", async () => {
    const names = Array.from({ length: 150 }, (_, n) => `a${n}`);
    const schedules = Object.fromEntries([...names, "sound"].map((name) => [name, hourly]));
    const scheduleInputs = { ...Object.fromEntries(names.map((name) => [name, broken])), sound: { n: 1 } };
    const { clock, scheduler, payloads } = await setUp({ schedules, scheduleInputs });
    await scheduler.tick();
    clock.advance(hour);
    for (let n = 0; n < 3; n++) await scheduler.tick();
    expect(await payloads()).toHaveLength(1);
  });

  it("as a value that does not fit is neither put nor removed", async () => {
    const { provider, build, scheduler, refusals } = await setUp();
    await scheduler.tick();
    const before = await provider.schedules();
    await (await build({ work: scheduled({}, { n: "1" }) })).tick();
    expect(await provider.schedules()).toEqual(before);
    expect(refusals).toMatchObject([{ key: "work.nightly", error: { code: "JW_INVALID_INPUT" } }]);
  });
});

describe("the scheduler of a worker", () => {
  it("enqueues what is due, and stops with the worker", async () => {
    const definition = describeJobs({ work: scheduled() });
    const clock = createFakeClock();
    const provider = createMemoryProvider({ clock });
    const done = createSignal<number>();
    const worker = await workerOf(provider, definition, { work: ({ n }) => done.fire(n) });
    await worker.start();
    while ((await provider.schedules()).schedules.length === 0) await new Promise(setImmediate);
    clock.advance(hour);
    expect(await done.promise).toBe(1);
    await worker.stop();
  });

  it.each([{ schedules: false }, { maintenance: false }])("is absent with %j", async (options) => {
    const provider = createMemoryProvider({ clock: createFakeClock() });
    const worker = await workerOf(provider, describeJobs({ work: scheduled() }), { work: () => 1 }, options);
    await worker.start();
    await worker.idle();
    await worker.stop();
    expect((await provider.schedules()).schedules).toEqual([]);
  });

  it("goes on after the store refused a call, and loses no slot", async () => {
    const { clock, provider, build, payloads } = await setUp();
    const faulty = faultInjecting(provider, [{ call: "fireSchedule", fault: "drop-reply" }]);
    const scheduler = await build({ work: scheduled() }, faulty);
    await scheduler.tick();
    clock.advance(hour);
    await expect(scheduler.tick()).rejects.toMatchObject({ retryable: true });
    await scheduler.tick();
    expect(await payloads()).toHaveLength(1);
  });
});
