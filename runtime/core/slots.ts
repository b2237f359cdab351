import { Cron } from "croner";
import { JobwrightError } from "../contract/index.ts";
import { shown } from "./duration.ts";

/**
 * The slots of a cron expression in a time zone, in ms since the epoch.
 *
 * Where clocks are changed: an expression that names times of day, such as `30 2 * * *` or `0 9-17 * * *`, runs once for
 * each of them. One that does not exist that day runs at the end of the gap, one that comes twice runs the first time. An
 * expression with `*` or a step in seconds, minutes or hours asks for intervals, and goes by elapsed time.
 */
export interface Slots {
  /** The first slot after `time`; undefined if there is none any more. */
  next(time: number): number | undefined;
  /** The last `count` slots from `from` to `until`, both included; the earliest first. */
  last(count: number, from: number, until: number): readonly number[];
}

/** What is wrong with an option of a schedule. */
export interface TimesProblem {
  readonly option: "cron" | "timeZone";
  readonly reason: string;
  readonly hint: string;
}

/** Throws `JW_INVALID_OPTION`. */
export function createSlots(cron: string, timeZone: string): Slots {
  const problem = timesProblem(cron, timeZone);
  if (!problem) return slotsOf(parse(cron, timeZone));
  throw new JobwrightError("JW_INVALID_OPTION", `${problem.option} ${problem.reason}.`, { hint: problem.hint });
}

/** Undefined: the two can be used. */
export function timesProblem(cron: unknown, timeZone: unknown): TimesProblem | undefined {
  if (typeof timeZone !== "string" || !isZone(timeZone)) {
    return {
      option: "timeZone",
      reason: `is ${shown(timeZone)}, which is not a time zone`,
      hint: 'Give an IANA name such as "Europe/Berlin" or "UTC".',
    };
  }
  const reason = cronProblem(cron, timeZone);
  if (reason === undefined) return undefined;
  return {
    option: "cron",
    reason: `is ${shown(cron)}${reason}`,
    hint: 'Give five fields, minute to weekday, such as "0 9 * * 1-5", or six with seconds first.',
  };
}

/** Offsets such as "+02:00" have no clock changes, and not every Node knows them. */
function isZone(timeZone: string): boolean {
  if (!/^[A-Za-z]/.test(timeZone)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** Any time will do: whether an expression has slots at all does not depend on it. */
const someTime = Date.UTC(2024, 0, 1);

function cronProblem(cron: unknown, timeZone: string): string | undefined {
  // croner takes names and single dates as well, which are no cron expressions.
  const fields = typeof cron === "string" ? cron.trim().split(/\s+/).length : 0;
  if (typeof cron !== "string" || fields < 5 || fields > 6) return ", which is not a cron expression";
  try {
    return slotsOf(parse(cron, timeZone)).next(someTime) === undefined ? ", which never comes" : undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message.replace(/^Cron\w+: |\.$/g, "") : String(error);
    return `, which is not a cron expression: ${message}`;
  }
}

function parse(cron: string, timeZone: string): Cron {
  // Without a function it has no timer. The rule is that of Vixie cron: lists and ranges of hours are times of day, too.
  return new Cron(cron, { timezone: timeZone, mode: "5-or-6-parts", fixedTimeRule: "no-wildcard" });
}

const second = 1_000;

function slotsOf(cron: Cron): Slots {
  return {
    next: (time) => cron.nextRun(new Date(time))?.getTime(),
    last(count, from, until) {
      // croner looks before a whole second, and leaves that second out.
      const before = new Date(Math.floor(until / second) * second + second);
      const slots = cron.previousRuns(count, before).map((date) => date.getTime());
      return slots.filter((slot) => slot >= from && slot <= until).reverse();
    },
  };
}
