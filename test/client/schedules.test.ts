import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createClient } from "../../runtime/client/client.ts";
import { createEncryptionKey } from "../../runtime/core/encryption.ts";
import { loadMakers } from "../../runtime/core/job-makers.ts";
import { createScheduler } from "../../runtime/maintenance/scheduler.ts";
import { createFakeClock, createMemoryProvider } from "../../runtime/testing/index.ts";
import type { ScheduleSettings } from "../../runtime/index.ts";
import { type Client, clientOf, type Definition, describeJobs } from "../worker/fixture.ts";

const hour = 3_600_000;
const nightly = { cron: "0 3 * * *", timeZone: "UTC", catchUp: "latest", overlap: "allow" } as const;

async function setUp(definition: Definition = {}) {
  const clock = createFakeClock();
  const provider = createMemoryProvider({ clock });
  const descriptor = describeJobs({ work: definition });
  const client = await clientOf(provider, descriptor);
  const fail = (_key: unknown, error?: unknown): never => {
    throw new Error("the scheduler failed", { cause: error });
  };
  const makers = await loadMakers(descriptor);
  const scheduler = createScheduler({ provider, makers, failed: fail, refused: fail });
  const jobs = async () => [...(await provider.list({})).jobs].reverse();
  return { clock, provider, client, scheduler, jobs, schedules: client.$control.schedules };
}

describe("a schedule that a client makes", () => {
  it("enqueues its input at every slot, with what the definition says of the job", async () => {
    const { clock, client, scheduler, jobs } = await setUp({ queue: "mail", priority: 3, version: 2 });
    expect(await client.work.schedule("customer-7", { cron: "0 * * * *", input: { n: 7 } })).toBe("work/customer-7");
    for (let n = 0; n < 2; n++) {
      clock.advance(hour);
      await scheduler.tick();
    }
    const expected = { name: "work", queue: "mail", priority: 3, version: 2, payload: '{"n":7}', state: "ready" };
    expect(await jobs()).toMatchObject([expected, expected]);
  });

  it("is changed under the same id, and keeps a missed slot if its times are the same", async () => {
    const { clock, client, scheduler, jobs } = await setUp();
    await client.work.schedule("a", { cron: "0 * * * *", input: { n: 1 } });
    clock.advance(hour + 1);
    await client.work.schedule("a", { cron: "0 * * * *", input: { n: 2 } });
    await scheduler.tick();
    expect((await jobs()).map(({ payload }) => payload)).toEqual(['{"n":2}']);
  });

  it("begins anew with other times", async () => {
    const { clock, client, scheduler, jobs } = await setUp();
    await client.work.schedule("a", { cron: "0 * * * *", input: { n: 1 } });
    clock.advance(hour + 1);
    await client.work.schedule("a", { cron: "30 * * * *", input: { n: 2 } });
    await scheduler.tick();
    expect(await jobs()).toEqual([]);
  });

  it("ends with unschedule, which says whether there was one", async () => {
    const { client, provider } = await setUp();
    await client.work.schedule("a", { cron: "0 * * * *", input: { n: 1 } });
    expect([await client.work.unschedule("a"), await client.work.unschedule("a")]).toEqual([true, false]);
    expect((await provider.schedules()).schedules).toEqual([]);
  });

  it("is told by its id, and only its own", async () => {
    const { clock, client, schedules } = await setUp();
    expect([await client.work.getSchedule("a"), await schedules.get("work/a")]).toEqual([undefined, undefined]);
    await client.work.schedule("a", { cron: "0 * * * *", timeZone: "Europe/Berlin", input: { n: 1 }, jitter: "1s" });
    const expected = {
      key: "work/a",
      name: "work",
      origin: "client",
      declared: true,
      cron: "0 * * * *",
      timeZone: "Europe/Berlin",
      catchUp: "latest",
      overlap: "allow",
      jitterMs: 1_000,
      nextAt: clock.now() + hour,
      lastAt: undefined,
      pausedAt: undefined,
    };
    expect(await client.work.getSchedule("a")).toEqual(expected);
    expect(await schedules.get("work/a")).toEqual(expected);
    expect(await client.work.getSchedule("b")).toBeUndefined();
    await client.work.unschedule("a");
    expect(await client.work.getSchedule("a")).toBeUndefined();
  });

  it("is found among many", async () => {
    const { clock, client, schedules, provider } = await setUp();
    const ids = Array.from({ length: 1_200 }, (_, n) => `customer-${n}`);
    for (const id of ids) await client.work.schedule(id, { cron: "0 * * * *", input: { n: 1 } });
    await provider.pauseSchedule("work/customer-999");
    clock.advance(2 * hour);
    expect(await schedules.resume("work/customer-999")).toBe(true);
    expect((await schedules.list()).find(({ key }) => key === "work/customer-999")).toMatchObject({
      nextAt: clock.now() + hour,
    });
  });

  it.each([
    [{ cron: "0 25 * * *" }, "cron"],
    [{ cron: "0 * * * *", timeZone: "Europe/Atlantis" }, "timeZone"],
    [{ cron: "0 * * * *", catchUp: { all: 0 } }, "catchUp"],
    [{ cron: "0 * * * *", overlap: "wait" }, "overlap"],
    [{ cron: "0 * * * *", jitter: "soon" }, "jitter"],
  ])("is refused with %j", async (settings, option) => {
    const { client, provider } = await setUp();
    const wrong = settings as ScheduleSettings; // as plain JavaScript may pass it
    await expect(client.work.schedule("a", { ...wrong, input: { n: 1 } })).rejects.toMatchObject({
      code: "JW_INVALID_OPTION",
      message: expect.stringContaining(option),
    });
    expect((await provider.schedules()).schedules).toEqual([]);
  });

  it.each(["", "a\u0000", "x".repeat(129), "é".repeat(65), "\ud800", 5])("is refused with the id %j", async (id) => {
    const { client } = await setUp();
    const wrong = id as string; // as plain JavaScript may pass it
    await expect(client.work.schedule(wrong, { cron: "0 * * * *", input: { n: 1 } })).rejects.toMatchObject({
      code: "JW_INVALID_OPTION",
    });
  });

  it("is refused with an input that does not fit, or with a second unique key", async () => {
    const unique = { by: ["n"], scope: "live", onConflict: "ignore" } as const;
    const { client } = await setUp({ unique });
    const wrong = { n: "1" } as unknown as { n: number }; // as plain JavaScript may pass it
    await expect(client.work.schedule("a", { cron: "0 * * * *", input: wrong })).rejects.toMatchObject({
      code: "JW_INVALID_INPUT",
    });
    const skip = { cron: "0 * * * *", input: { n: 1 }, overlap: "skip" } as const;
    await expect(client.work.schedule("a", skip)).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
  });
});

describe("a schedule of an encrypted job", () => {
  it("is kept encrypted, and the worker of each slot can read it", async () => {
    const clock = createFakeClock();
    const provider = createMemoryProvider({ clock });
    const descriptor = describeJobs({ work: { encrypted: true, input: z.object({ n: z.number(), pin: z.string() }) } });
    const encryption = { keys: { k: createEncryptionKey() }, current: "k" };
    const makers = await loadMakers(descriptor, encryption);
    const jobs = await createClient<Client>(descriptor, { provider, encryption });
    const input = { n: 1, pin: "hunter2" };
    await jobs.work.schedule("a", { cron: "0 * * * *", input });
    expect(JSON.stringify(await provider.schedules())).not.toContain("hunter2");
    clock.advance(hour);
    await createScheduler({ provider, makers, failed: () => undefined, refused: () => undefined }).tick();
    const [stored] = (await provider.list({})).jobs;
    expect(stored?.payload).not.toContain("hunter2");
    expect(makers.get("work")?.codec.decodePayload(stored?.payload ?? "", stored?.id ?? "", 1)).toEqual(input);
  });
});

describe("$control.schedules", () => {
  const definition = { schedules: { nightly }, scheduleInputs: { nightly: (slot: Date) => ({ n: slot.getTime() }) } };

  it("lists all, and says which of them the schema no longer has", async () => {
    const { clock, client, scheduler, schedules, provider } = await setUp(definition);
    await scheduler.tick();
    await client.work.schedule("a", { cron: "*/5 * * * * *", input: { n: 1 }, catchUp: { all: 2 }, jitter: "1s" });
    const spec = (await provider.schedules()).schedules[0]?.spec ?? "";
    await provider.putSchedules([{ key: "work.old", name: "work", spec, nextAt: undefined }]);
    await provider.putSchedules([{ key: "zz", name: "gone", spec: "{}", nextAt: undefined }]);
    const times = { lastAt: undefined, pausedAt: undefined };
    expect(await schedules.list()).toMatchObject([
      { key: "work.nightly", origin: "schema", declared: true, ...nightly, nextAt: clock.now() + 3 * hour, ...times },
      { key: "work.old", origin: "schema", declared: false },
      { key: "work/a", origin: "client", declared: true, cron: "*/5 * * * * *", catchUp: { all: 2 }, jitterMs: 1_000 },
      { key: "zz", name: "gone", declared: false },
    ]);
  });

  it("pauses, and resumes with the first slot to come", async () => {
    const { clock, scheduler, schedules, jobs } = await setUp(definition);
    await scheduler.tick();
    expect(await schedules.pause("work.nightly")).toBe(true);
    clock.advance(30 * hour);
    await scheduler.tick();
    expect(await schedules.resume("work.nightly")).toBe(true);
    await scheduler.tick();
    expect(await jobs()).toEqual([]);
    clock.advance(21 * hour);
    await scheduler.tick();
    expect(await jobs()).toHaveLength(1);
  });

  it("says of what is not there that it is not", async () => {
    const { schedules } = await setUp();
    expect([await schedules.pause("x"), await schedules.resume("x"), await schedules.remove("x")]).toEqual([
      false,
      false,
      false,
    ]);
    await expect(schedules.run("x")).rejects.toMatchObject({ code: "JW_NOT_FOUND" });
  });

  it("runs one of either kind now, beside its slots", async () => {
    const { clock, client, schedules, jobs } = await setUp(definition);
    await client.work.schedule("a", { cron: "0 * * * *", input: { n: 1 } });
    expect(await schedules.run("work.nightly")).toMatchObject({ outcome: "enqueued", state: "ready" });
    await schedules.run("work/a");
    await schedules.run("work/a");
    expect((await jobs()).map(({ payload }) => payload)).toEqual([`{"n":${clock.now()}}`, '{"n":1}', '{"n":1}']);
  });
});
