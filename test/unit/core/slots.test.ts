import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSlots } from "../../../runtime/core/slots.ts";

const hour = 3_600_000;
const at = (text: string): number => Date.parse(text);

/** The slots from a time on, as ISO texts. */
function slotsFrom(cron: string, timeZone: string, from: string, count: number): readonly string[] {
  const slots = createSlots(cron, timeZone);
  let time = at(from);
  return Array.from({ length: count }, () => {
    time = slots.next(time) ?? Number.NaN;
    return new Date(time).toISOString().replace(":00.000Z", "Z");
  });
}

describe("slots where clocks are changed", () => {
  it.each([
    // 02:00 → 03:00 at 01:00Z
    ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]],
    ["30 2,14 * * *", "Europe/Berlin", "2026-03-28T20:00Z", ["2026-03-29T01:00Z", "2026-03-29T12:30Z"]],
    // Midnight does not exist.
    ["0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00Z", ["2018-11-04T03:00Z", "2018-11-05T02:00Z"]],
    ["0 0 * * *", "Africa/Cairo", "2025-04-24T12:00Z", ["2025-04-24T22:00Z", "2025-04-25T21:00Z"]],
    // Half an hour is missing: 02:00 → 02:30 at 15:30Z
    ["15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00Z", ["2026-10-03T15:30Z", "2026-10-04T15:15Z"]],
  ])("%s in %s: a time of day that does not exist runs at the end of the gap", (cron, zone, from, expected) => {
    expect(slotsFrom(cron, zone, from, expected.length)).toEqual(expected);
  });

  it.each([
    // 03:00 → 02:00 at 01:00Z
    ["30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]],
    ["30 1 * * *", "America/New_York", "2026-10-31T12:00Z", ["2026-11-01T05:30Z", "2026-11-02T06:30Z"]],
    ["45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00Z", ["2026-04-04T14:45Z", "2026-04-05T15:15Z"]],
  ])("%s in %s: a time of day that comes twice runs the first time", (cron, zone, from, expected) => {
    expect(slotsFrom(cron, zone, from, expected.length)).toEqual(expected);
  });

  it.each([
    ["0 * * * *", "Europe/Berlin", "2026-03-29T00:30Z", ["2026-03-29T01:00Z", "2026-03-29T02:00Z"]],
    [
      "0 * * * *",
      "Europe/Berlin",
      "2026-10-24T23:30Z",
      ["2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z"],
    ],
    ["*/30 * * * *", "Australia/Lord_Howe", "2026-04-04T14:30Z", ["2026-04-04T15:00Z", "2026-04-04T15:30Z"]],
  ])("%s in %s: an interval goes on by elapsed time", (cron, zone, from, expected) => {
    expect(slotsFrom(cron, zone, from, expected.length)).toEqual(expected);
  });

  it("are on the day that a zone left out, not at all", () => {
    const expected = ["2011-12-29T22:00Z", "2011-12-30T22:00Z"];
    expect(slotsFrom("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00Z", 2)).toEqual(expected);
  });
});

/** Changes of the year 2026 and around, in ms. */
const changes = {
  "Europe/Berlin": ["2026-03-29T01:00Z", "2026-10-25T01:00Z"],
  "America/New_York": ["2026-03-08T07:00Z", "2026-11-01T06:00Z"],
  "Australia/Lord_Howe": ["2026-04-04T15:00Z", "2026-10-03T15:30Z"],
  "America/Sao_Paulo": ["2018-11-04T03:00Z", "2018-02-18T02:00Z"],
  "Asia/Kolkata": ["2026-01-01T00:00Z"],
} as const;

interface Local {
  readonly day: string;
  readonly minuteOfDay: number;
}

function clockOf(timeZone: string): (time: number) => Local {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    dateStyle: "short",
    timeStyle: "short",
    hourCycle: "h23",
  });
  const known = new Map<number, Local>();
  const read = (time: number): Local => {
    const [day = "", clock = ""] = format.format(time).split(", ");
    const [hours = "", minutes = ""] = clock.split(":");
    return { day, minuteOfDay: Number(hours) * 60 + Number(minutes) };
  };
  return (time) => {
    const local = known.get(time) ?? read(time);
    known.set(time, local);
    return local;
  };
}

/** Every minute of four days, looked at one by one. */
function expectedSlots(
  minutes: readonly number[],
  interval: boolean,
  clock: (time: number) => Local,
  from: number,
): readonly number[] {
  const found: number[] = [];
  const taken = new Set<string>();
  let previous = clock(from);
  for (let time = from + 60_000; time <= from + 96 * hour; time += 60_000) {
    const local = clock(time);
    // The minutes that this one jumped over, or only itself.
    const jumped = local.day !== previous.day ? local.minuteOfDay : local.minuteOfDay - previous.minuteOfDay;
    const first =
      !interval && jumped > 1 ? local.minuteOfDay - jumped + (local.day === previous.day ? 1 : 0) : local.minuteOfDay;
    const hits = minutes.filter((minute) => minute >= first && minute <= local.minuteOfDay);
    const fresh = hits.filter((minute) => interval || !taken.has(`${local.day} ${minute}`));
    for (const minute of hits) taken.add(`${local.day} ${minute}`);
    if (fresh.length > 0) found.push(time);
    previous = local;
  }
  return found;
}

describe("slots around a change of clocks", () => {
  const places = Object.entries(changes).flatMap(([zone, times]) => times.map((time) => [zone, time] as const));

  it.each(places)("are those of a clock that is looked at every minute, in %s at %s", (zone, change) => {
    const from = at(change) - 48 * hour;
    const clock = clockOf(zone);
    const field = fc.record({
      hours: fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 4 }),
      minute: fc.integer({ min: 0, max: 59 }),
      interval: fc.boolean(),
    });
    fc.assert(
      fc.property(field, ({ hours, minute, interval }) => {
        const cron = interval ? `${minute % 20}-59/20 * * * *` : `${minute} ${hours.join()} * * *`;
        const minutes = interval
          ? Array.from({ length: 1_440 }, (_, n) => n).filter(
              (n) => n % 60 >= minute % 20 && (n % 60) % 20 === minute % 20,
            )
          : hours.map((value) => value * 60 + minute);
        const slots = createSlots(cron, zone);
        const expected = expectedSlots(minutes, interval, clock, from);
        const until = from + 96 * hour;
        expect(slots.last(1_000, from + 1, until)).toEqual(expected);
        const walked: number[] = [];
        for (let slot = slots.next(from); slot !== undefined && slot <= until; slot = slots.next(slot))
          walked.push(slot);
        expect(walked).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });
});

describe("slots", () => {
  it("come after a time, and up to one", () => {
    const slots = createSlots("*/10 * * * * *", "UTC");
    const time = at("2026-01-01T00:00:10Z");
    expect(slots.next(time)).toBe(time + 10_000);
    expect(slots.next(time - 1)).toBe(time);
    expect(slots.last(2, 0, time)).toEqual([time - 10_000, time]);
    expect(slots.last(2, 0, time - 1)).toEqual([time - 20_000, time - 10_000]);
    expect(slots.last(9, time - 10_000, time + 9_999)).toEqual([time - 10_000, time]);
  });

  it.each([
    ["* * *", "UTC", "cron"],
    ["0 0 0 1 1 * 2027", "UTC", "cron"],
    ["@daily", "UTC", "cron"],
    ["2026-10-05T00:00:00", "UTC", "cron"],
    ["0 24 * * *", "UTC", "cron"],
    ["0 0 30 2 *", "UTC", "cron"],
    ["", "UTC", "cron"],
    [5, "UTC", "cron"],
    ["0 0 * * *", "Mars/Phobos", "timeZone"],
    ["0 0 * * *", "+02:00", "timeZone"],
    ["0 0 * * *", "", "timeZone"],
  ])("are refused for %j in %j", (cron, timeZone, option) => {
    const create = () => createSlots(cron as string, timeZone); // as plain JavaScript may pass it
    expect(create).toThrow(
      expect.objectContaining({ code: "JW_INVALID_OPTION", message: expect.stringContaining(`${option} is`) }),
    );
  });
});
