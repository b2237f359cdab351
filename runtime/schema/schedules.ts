import type { $ZodType } from "zod/v4/core";
import {
  defaultTimeZone,
  isCatchUp,
  maxCatchUp,
  overlaps,
  type ScheduleSettings,
  type ScheduleTiming,
} from "../core/schedule.ts";
import { timesProblem } from "../core/slots.ts";
import { createOptionReader, type OptionReader } from "./option-reader.ts";
import { type Report, show } from "./problems.ts";

/** When the job runs by itself, and with what. `Input` is what `enqueue` takes. */
export interface ScheduleOptions<Input = unknown> extends ScheduleSettings {
  /** The input of each job, or a function of the slot that makes it: `(slot) => ({ day: slot })`. */
  readonly input: Input | ((slot: Date) => Input);
}

export interface Schedules {
  /** By name. */
  readonly schedules?: Readonly<Record<string, ScheduleTiming>>;
  /** Values, or functions of the slot, by name. */
  readonly scheduleInputs?: Readonly<Record<string, unknown>>;
}

const schedulePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** `input`: the job's schema, which values are checked against; undefined if it was refused. */
export function readSchedules(options: object, input: $ZodType | undefined, job: string, report: Report): Schedules {
  const given: unknown = "schedules" in options ? options.schedules : undefined;
  if (given === undefined) return {};
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    report({
      job,
      path: ["schedules"],
      message: `${job}.schedules is ${show(given)}, not an object.`,
      hint: 'Write schedules: { nightly: { cron: "0 3 * * *", input: { … } } }.',
    });
    return {};
  }
  const takesKey = ["unique", "debounce", "throttle"].find((form) => form in options);
  const entries = Object.entries(given).flatMap(([name, schedule]: [string, unknown]) => {
    const read = createOptionReader(schedule, { job, path: ["schedules", name], report });
    checkName(name, job, report);
    // Reported by the reader.
    if (typeof schedule !== "object" || schedule === null || Array.isArray(schedule)) return [];
    checkInput(schedule, input, read);
    return [[name, readTiming(schedule, read, takesKey), inputOf(schedule)] as const];
  });
  if (entries.length === 0) return {};
  return {
    schedules: Object.freeze(Object.fromEntries(entries.map(([name, timing]) => [name, timing]))),
    scheduleInputs: Object.freeze(Object.fromEntries(entries.map(([name, , value]) => [name, value]))),
  };
}

function checkName(name: string, job: string, report: Report): void {
  if (schedulePattern.test(name)) return;
  report({
    job,
    path: ["schedules", name],
    message: `${JSON.stringify(name)} cannot be the name of a schedule of ${job}.`,
    hint: "Start with a letter, then letters, digits, `_` or `-`; at most 64 characters.",
  });
}

function readTiming(schedule: unknown, read: OptionReader, takesKey: string | undefined): ScheduleTiming {
  read.known(["cron", "timeZone", "input", "catchUp", "overlap", "jitter"]);
  const { cron, catchUp = "latest", timeZone = defaultTimeZone } = fieldsOf(schedule);
  const problem = timesProblem(cron, timeZone);
  if (cron === undefined) read.refuse("cron", "is missing", 'Give an expression such as "0 9 * * 1-5".');
  else if (problem) read.refuse(problem.option, problem.reason, problem.hint);
  if (!isCatchUp(catchUp)) {
    read.refuse("catchUp", `is ${show(catchUp)}`, `Give "latest", "none" or { all: 100 }, at most ${maxCatchUp}.`);
  }
  const overlap = read.oneOf("overlap", overlaps, "allow");
  if (overlap === "skip" && takesKey !== undefined) {
    read.refuse("overlap", `and the job's ${takesKey} are both given`, "A job has one unique key: keep one of them.");
  }
  const jitterMs = read.has("jitter") ? read.duration("jitter", "1s") : 0;
  // Reported above if it is none of these.
  const timing = { cron, timeZone, catchUp, overlap } as ScheduleTiming;
  return Object.freeze({ ...timing, ...(jitterMs > 0 && { jitterMs }) });
}

/** Values are checked when the schema is loaded, so that codegen refuses them; functions are asked when a slot is due. */
function checkInput(schedule: unknown, schema: $ZodType | undefined, read: OptionReader): void {
  const input = inputOf(schedule);
  if (input === undefined && !read.has("input")) {
    read.refuse("input", "is missing", "Give what enqueue takes, or a function of the slot that makes it.");
  } else if (typeof input !== "function" && schema !== undefined) {
    const misfit = misfitOf(input, schema);
    if (misfit !== undefined) read.refuse("input", `does not fit the input of the job${misfit}`, "Correct the value.");
  }
}

function misfitOf(input: unknown, schema: $ZodType): string | undefined {
  const { safeParse } = schema as unknown as ZodParser; // readSchema looked for it
  try {
    const issue = safeParse(input).error?.issues[0];
    return issue && `${issue.path.length > 0 ? ` at ${issue.path.join(".")}` : ""}: ${issue.message}`;
  } catch {
    // A schema that parses asynchronously; codegen refuses it.
    return undefined;
  }
}

interface ZodParser {
  safeParse(
    this: void,
    value: unknown,
  ): {
    readonly error?: {
      readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
    };
  };
}

function inputOf(schedule: unknown): unknown {
  return fieldsOf(schedule).input;
}

/** Whatever a user without types put there. */
function fieldsOf(schedule: unknown): Readonly<Partial<Record<keyof ScheduleOptions, unknown>>> {
  return typeof schedule === "object" && schedule !== null ? schedule : {};
}
