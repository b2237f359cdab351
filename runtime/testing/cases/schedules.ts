import { deepEqual, equal } from "node:assert/strict";
import type { Firing, FiringResult, NewSchedule, Provider } from "../../contract/index.ts";
import type { ConformanceCase, ConformanceContext } from "../conformance.ts";
import { first, hour, idsOf, recordOf, second } from "./steps.ts";

const area = "schedules";

function newSchedule({ clock }: ConformanceContext, overrides: Partial<NewSchedule> = {}): NewSchedule {
  return { key: "daily", name: "mail", spec: '{"cron":"0 9 * * *"}', nextAt: clock.now(), ...overrides };
}

/** The firing that belongs to a schedule, an hour before its next slot. */
function firingOf(schedule: NewSchedule, overrides: Partial<Firing> = {}): Firing {
  const { key, spec, nextAt: expectedAt = 0 } = schedule;
  return { key, spec, expectedAt, slotAt: expectedAt, jobs: [], nextAt: expectedAt + hour, ...overrides };
}

async function givenSchedule(
  context: ConformanceContext,
  overrides: Partial<NewSchedule> = {},
): Promise<{ readonly provider: Provider; readonly schedule: NewSchedule }> {
  const provider = await context.createProvider();
  const schedule = newSchedule(context, overrides);
  await provider.putSchedules([schedule]);
  return { provider, schedule };
}

async function dueKeys(provider: Provider, limit = 10): Promise<readonly string[]> {
  const { due } = await provider.dueSchedules({ names: ["mail"], limit });
  return due.map(({ key }) => key);
}

export const scheduleCases: readonly ConformanceCase[] = [
  {
    area,
    name: "a schedule comes back as it was put, with the provider's clock",
    async run(context) {
      const { provider, schedule } = await givenSchedule(context, { spec: `'"\u2028🐎`, key: "ü; --🐎" });
      deepEqual(await provider.schedules(), {
        now: context.clock.now(),
        schedules: [{ ...schedule, lastAt: undefined, pausedAt: undefined }],
      });
      await provider.putSchedules([{ ...schedule, key: "never", nextAt: undefined }]);
      equal(first((await provider.schedules()).schedules).nextAt, undefined);
    },
  },
  {
    area,
    name: "the same schedule put again keeps its slot, another spec starts anew",
    async run(context) {
      const { provider, schedule } = await givenSchedule(context);
      await provider.putSchedules([{ ...schedule, nextAt: 5 }]);
      equal(first((await provider.schedules()).schedules).nextAt, schedule.nextAt);
      await provider.fireSchedule(firingOf(schedule));
      await provider.pauseSchedule(schedule.key);
      await provider.putSchedules([{ ...schedule, spec: "new", name: "report", nextAt: 5 }]);
      deepEqual((await provider.schedules()).schedules, [
        {
          key: "daily",
          name: "report",
          spec: "new",
          nextAt: 5,
          lastAt: schedule.nextAt,
          pausedAt: context.clock.now(),
        },
      ]);
    },
  },
  {
    area,
    name: "a schedule is found by its key, and by no other",
    async run(context) {
      const { provider, schedule } = await givenSchedule(context, { key: "report/ü:🐎" });
      const now = context.clock.now();
      const others = ["report/ü", "report/ü:🐎!", "REPORT/ü:🐎", "report/\ufffd"];
      await provider.putSchedules(others.map((key) => ({ ...schedule, key })));
      await provider.fireSchedule(firingOf(schedule));
      await provider.pauseSchedule(schedule.key);
      const nextAt = now + hour;
      deepEqual(await provider.schedule(schedule.key), {
        now,
        schedule: { ...schedule, nextAt, lastAt: schedule.nextAt, pausedAt: now },
      });
      for (const key of ["report/", "report/ü:", "%", "", "report/\ud83d", "report/\0"]) {
        deepEqual(await provider.schedule(key), { now, schedule: undefined });
      }
      await provider.removeSchedules([schedule.key]);
      equal((await provider.schedule(schedule.key)).schedule, undefined);
    },
  },
  {
    area,
    name: "schedules are listed by key, a thousand at a time",
    async run(context) {
      const provider = await context.createProvider();
      const keys = Array.from({ length: 1_002 }, (_, n) => `k${String(n).padStart(4, "0")}`);
      await provider.putSchedules([...keys, "K", "k", "_", "é"].map((key) => newSchedule(context, { key })));
      const { schedules } = await provider.schedules();
      equal(schedules.length, 1_000);
      const expected = ["K", "_", "k", ...keys, "é"];
      deepEqual(
        schedules.map(({ key }) => key),
        expected.slice(0, 1_000),
      );
      const rest = await provider.schedules(schedules.at(-1)?.key);
      deepEqual(
        rest.schedules.map(({ key }) => key),
        expected.slice(1_000),
      );
    },
  },
  {
    area,
    name: "due are those whose slot has come, the longest overdue first",
    async run(context) {
      const provider = await context.createProvider();
      const now = context.clock.now();
      await provider.putSchedules([
        newSchedule(context, { key: "b", nextAt: now }),
        newSchedule(context, { key: "c", nextAt: now - second }),
        newSchedule(context, { key: "a", nextAt: now }),
        newSchedule(context, { key: "d", nextAt: now + 1 }),
        newSchedule(context, { key: "e", nextAt: undefined }),
        newSchedule(context, { key: "f", name: "report", nextAt: now }),
      ]);
      deepEqual(await dueKeys(provider), ["c", "a", "b"]);
      deepEqual(await dueKeys(provider, 1), ["c"]);
      equal((await provider.dueSchedules({ names: ["mail"], limit: 10 })).nextAt, now + 1);
      equal((await provider.dueSchedules({ names: ["mail"], limit: 1 })).nextAt, now);
      deepEqual(await provider.dueSchedules({ names: [], limit: 10 }), { now, due: [], nextAt: undefined });
      context.clock.advance(1);
      deepEqual(await dueKeys(provider), ["c", "a", "b", "d"]);
    },
  },
  {
    area,
    name: "a firing enqueues its jobs and moves the schedule on",
    async run(context) {
      const { provider, schedule } = await givenSchedule(context);
      const jobs = [context.newJob({ payload: "slot" }), context.newJob({ delayMs: second })];
      const now = context.clock.now();
      deepEqual(await provider.fireSchedule(firingOf(schedule, { jobs })), {
        outcome: "fired",
        results: [
          { id: jobs[0]?.id, outcome: "enqueued", state: "ready", runAt: now },
          { id: jobs[1]?.id, outcome: "enqueued", state: "scheduled", runAt: now + second },
        ],
      });
      equal((await recordOf(provider, first(jobs).id)).payload, "slot");
      const { nextAt, lastAt } = first((await provider.schedules()).schedules);
      deepEqual([nextAt, lastAt], [now + hour, now]);
      deepEqual(await dueKeys(provider), []);
    },
  },
  {
    area,
    name: "a firing without jobs moves the schedule on, and one without a next slot ends it",
    async run(context) {
      const { provider, schedule } = await givenSchedule(context);
      deepEqual(await provider.fireSchedule(firingOf(schedule, { nextAt: undefined })), {
        outcome: "fired",
        results: [],
      });
      equal(first((await provider.schedules()).schedules).nextAt, undefined);
      context.clock.advance(hour);
      deepEqual(await dueKeys(provider), []);
    },
  },
  {
    area,
    name: "each slot fires once over providers that race for it",
    async run(context) {
      const { provider, schedule } = await givenSchedule(context);
      const others = await Promise.all(Array.from({ length: 4 }, () => context.createProvider()));
      const firings = [provider, ...others].flatMap((each) =>
        Array.from({ length: 4 }, () => each.fireSchedule(firingOf(schedule, { jobs: [context.newJob()] }))),
      );
      const results: readonly FiringResult[] = await Promise.all(firings);
      equal(results.filter(({ outcome }) => outcome === "fired").length, 1);
      equal((await provider.list({})).jobs.length, 1);
    },
  },
  {
    area,
    name: "a firing is lost when the slot, the spec or the schedule is another, or it is paused",
    async run(context) {
      const { provider, schedule } = await givenSchedule(context);
      const jobs = [context.newJob()];
      const lost = async (firing: Firing): Promise<void> => {
        deepEqual(await provider.fireSchedule(firing), { outcome: "lost" });
      };
      await lost(firingOf(schedule, { expectedAt: context.clock.now() - 1, jobs }));
      await lost(firingOf({ ...schedule, spec: "another" }, { jobs }));
      await lost(firingOf({ ...schedule, key: "another" }, { jobs }));
      await provider.pauseSchedule(schedule.key);
      await lost(firingOf(schedule, { jobs }));
      await provider.removeSchedules([schedule.key]);
      await lost(firingOf(schedule, { jobs }));
      equal((await provider.list({})).jobs.length, 0);
    },
  },
  {
    area,
    name: "a firing meets the holder of a unique key as any enqueue does",
    async run(context) {
      const { provider, schedule } = await givenSchedule(context);
      const unique = { key: "daily", scope: "live", onConflict: "ignore" } as const;
      const holder = context.newJob({ unique });
      await provider.enqueue([holder]);
      const result = await provider.fireSchedule(firingOf(schedule, { jobs: [context.newJob({ unique })] }));
      deepEqual(result.outcome === "fired" && [result.results[0]?.outcome, idsOf(result.results)], [
        "deduplicated",
        [holder.id],
      ]);
    },
  },
  {
    area,
    name: "a paused schedule is not due, and goes on with the slot it is given",
    async run(context) {
      const { provider, schedule } = await givenSchedule(context);
      equal(await provider.pauseSchedule(schedule.key), true);
      const pausedAt = context.clock.now();
      context.clock.advance(second);
      equal(await provider.pauseSchedule(schedule.key), true);
      equal(first((await provider.schedules()).schedules).pausedAt, pausedAt);
      deepEqual(await dueKeys(provider), []);
      equal((await provider.dueSchedules({ names: ["mail"], limit: 1 })).nextAt, undefined);
      const nextAt = context.clock.now();
      equal(await provider.resumeSchedule(schedule.key, nextAt), true);
      equal(await provider.resumeSchedule(schedule.key, nextAt + hour), true);
      deepEqual(await dueKeys(provider), ["daily"]);
      const resumed = first((await provider.schedules()).schedules);
      deepEqual([resumed.nextAt, resumed.pausedAt], [nextAt, undefined]);
    },
  },
  {
    area,
    name: "what does not exist is neither removed nor paused nor resumed",
    async run(context) {
      const { provider } = await givenSchedule(context);
      deepEqual(await provider.removeSchedules(["none", "daily", "daily"]), [false, true, false]);
      deepEqual([await provider.pauseSchedule("daily"), await provider.resumeSchedule("daily", 1)], [false, false]);
      deepEqual((await provider.schedules()).schedules, []);
      deepEqual(await provider.removeSchedules([]), []);
      await provider.putSchedules([]);
    },
  },
  {
    area,
    name: "schedules outlive the provider that put them",
    async run(context) {
      const { provider, schedule } = await givenSchedule(context);
      const other = await context.createProvider();
      await provider.stop();
      equal((await other.fireSchedule(firingOf(schedule))).outcome, "fired");
    },
  },
];
