import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineJobs, job } from "../../../runtime/schema/index.ts";

const input = z.object({ n: z.number() });
const sound = { cron: "0 3 * * *", input: { n: 1 } };

function problemsOf(schedules: unknown, more: object = {}): unknown {
  const options = { input, schedules, ...more } as Parameters<typeof job>[0]; // as plain JavaScript may pass it
  try {
    defineJobs({ report: job(options) });
  } catch (error) {
    return (error as { readonly details: { readonly problems: unknown } }).details.problems; // of schemaError
  }
  return [];
}

describe("schedules in the schema", () => {
  it("have their defaults filled in, and keep their inputs", () => {
    const nightly = {
      ...sound,
      input: (slot: Date) => ({ n: slot.getTime() }),
      overlap: "skip",
      jitter: "30s",
    } as const;
    const { schedules, scheduleInputs } = defineJobs({ report: job({ input, schedules: { nightly } }) }).jobs.report;
    expect(schedules).toEqual({
      nightly: { cron: "0 3 * * *", timeZone: "UTC", catchUp: "latest", overlap: "skip", jitterMs: 30_000 },
    });
    expect(scheduleInputs).toEqual({ nightly: nightly.input });
  });

  it.each([
    ["an expression that is none", { ...sound, cron: "0 24 * * *" }, "cron", "Invalid value for hour: 24"],
    ["an expression that never comes", { ...sound, cron: "0 0 30 2 *" }, "cron", "never comes"],
    ["no expression", { input: { n: 1 } }, "cron", "is missing"],
    ["an unknown zone", { ...sound, timeZone: "Mars/Phobos" }, "timeZone", "not a time zone"],
    ["an input that does not fit", { ...sound, input: { n: "1" } }, "input", "does not fit the input of the job at n"],
    ["no input", { cron: "0 3 * * *" }, "input", "is missing"],
    ["too much to catch up", { ...sound, catchUp: { all: 1_001 } }, "catchUp", "is an object"],
    ["another overlap", { ...sound, overlap: "wait" }, "overlap", 'is "wait"'],
    ["a jitter without a unit", { ...sound, jitter: "30" }, "jitter", "not a duration"],
    ["an unknown option", { ...sound, timezone: "UTC" }, "timezone", "is not an option"],
  ])("are refused with %s", (_what, schedule, option, message) => {
    expect(problemsOf({ nightly: schedule })).toMatchObject([
      { job: "report", path: ["schedules", "nightly", option], message: expect.stringContaining(message) },
    ]);
  });

  it.each(["", "a b", "1st", "a.b", "a/b", "x".repeat(65)])("are refused under the name %j", (name) => {
    expect(problemsOf({ [name]: sound })).toMatchObject([{ path: ["schedules", name] }]);
  });

  it.each([[[]], ["nightly"], [{ nightly: 5 }]])("are refused as %j", (schedules) => {
    expect(problemsOf(schedules)).toHaveLength(1);
  });

  it.each([
    ["unique", { unique: { by: [] } }],
    ["debounce", { debounce: { by: [], wait: "1s" } }],
    ["throttle", { throttle: { by: [], per: "1s" } }],
  ])("that skip overlaps are refused together with %s", (form, more) => {
    expect(problemsOf({ nightly: { ...sound, overlap: "skip" } }, more)).toMatchObject([
      { path: ["schedules", "nightly", "overlap"], message: expect.stringContaining(form) },
    ]);
    expect(problemsOf({ nightly: sound }, more)).toEqual([]);
  });
});
