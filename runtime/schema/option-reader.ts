import { JobwrightError } from "../contract/index.ts";
import { type Duration, parseDuration } from "../core/duration.ts";
import { type Report, show } from "./problems.ts";
import { nearest } from "./suggest.ts";

interface Range {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

/** Reads the options of one object, whatever a user without types put there; reports instead of throwing. */
export interface OptionReader {
  /** Reports every option that is not in `names`. */
  known(names: readonly string[]): void;
  has(option: string): boolean;
  integer(option: string, range: Range): number;
  number(option: string, range: Range): number;
  oneOf<const T extends string>(option: string, values: readonly T[], fallback: T): T;
  text(option: string): string | undefined;
  /** At least one; undefined if it is left out. */
  texts(option: string): readonly string[] | undefined;
  /** False if it is left out. */
  flag(option: string): boolean;
  /** In ms. */
  duration(option: string, fallback: Duration): number;
  /** In ms; at least one. */
  durations(option: string): readonly number[];
  refuse(option: string, reason: string, hint: string): void;
}

interface Place {
  readonly job: string;
  readonly path: readonly string[];
  readonly report: Report;
}

export function createOptionReader(options: unknown, { job, path, report }: Place): OptionReader {
  const isObject = typeof options === "object" && options !== null && !Array.isArray(options);
  const values = new Map<string, unknown>(
    isObject ? Object.entries(options).filter(([, value]) => value !== undefined) : [],
  );
  const what = [job, ...path].join(".").replaceAll(".[", "[");
  if (!isObject) {
    report({
      job,
      path,
      message: `${what} is ${show(options)}, not an object.`,
      hint: "Write the options as { name: value }.",
    });
  }

  const refuse: OptionReader["refuse"] = (option, reason, hint) => {
    // What is no object lacks all its options, and was reported once.
    if (isObject) report({ job, path: [...path, option], message: `${what}.${option} ${reason}.`, hint });
  };

  function inRange(option: string, { min, max, fallback }: Range, kind: "an integer" | "a number"): number {
    const value = values.get(option) ?? fallback;
    const fits = kind === "an integer" ? Number.isInteger(value) : typeof value === "number" && Number.isFinite(value);
    if (typeof value === "number" && fits && value >= min && value <= max) return value;
    refuse(option, `is ${show(value)}`, `Give ${kind} from ${min} to ${max}.`);
    return fallback;
  }

  function toMs(option: string, value: unknown, fallback: Duration): number {
    try {
      if (typeof value !== "string") throw notADuration(value);
      return parseDuration(value as Duration, option); // parseDuration refuses every other text
    } catch (error) {
      if (!JobwrightError.is(error)) throw error;
      refuse(option, `is ${show(value)}, which is not a duration`, error.hint ?? "");
      return parseDuration(fallback, option);
    }
  }

  return {
    known(names) {
      for (const option of values.keys()) {
        if (names.includes(option)) continue;
        const meant = nearest(option, names);
        refuse(
          option,
          "is not an option",
          meant === undefined ? `Remove it; the options are ${names.join(", ")}.` : `Did you mean ${meant}?`,
        );
      }
    },
    has: (option) => values.has(option),
    integer: (option, range) => inRange(option, range, "an integer"),
    number: (option, range) => inRange(option, range, "a number"),
    oneOf(option, allowed, fallback) {
      const value = values.get(option) ?? fallback;
      const found = allowed.find((candidate) => candidate === value);
      if (found !== undefined) return found;
      const choices = allowed.map((candidate) => JSON.stringify(candidate)).join(", ");
      const meant = typeof value === "string" ? nearest(value, allowed) : undefined;
      refuse(option, `is ${show(value)}`, meant === undefined ? `Use one of ${choices}.` : `Did you mean "${meant}"?`);
      return fallback;
    },
    text(option) {
      const value = values.get(option);
      if (value === undefined || typeof value === "string") return value;
      refuse(option, `is ${show(value)}, not a text`, "Write it in quotes.");
      return undefined;
    },
    texts(option) {
      const value = values.get(option);
      if (value === undefined) return undefined;
      const isList = Array.isArray(value) && value.length > 0;
      if (isList && value.every((entry): entry is string => typeof entry === "string" && entry !== "")) return value;
      refuse(option, `is ${show(value)}, not a list of texts`, 'List at least one name, e.g. ["Bounced"].');
      return undefined;
    },
    flag(option) {
      const value = values.get(option) ?? false;
      if (typeof value === "boolean") return value;
      refuse(option, `is ${show(value)}`, "Give true or false.");
      return false;
    },
    duration: (option, fallback) => toMs(option, values.get(option) ?? fallback, fallback),
    durations(option) {
      const value = values.get(option);
      if (Array.isArray(value) && value.length > 0) return value.map((entry) => toMs(option, entry, "1s"));
      refuse(
        option,
        value === undefined ? "is missing" : `is ${show(value)}`,
        'List at least one wait, e.g. ["1s", "1m"].',
      );
      return [0];
    },
    refuse,
  };
}

function notADuration(value: unknown): JobwrightError {
  return new JobwrightError("JW_INVALID_OPTION", `${show(value)} is not a duration.`, {
    hint: 'Write a number and a unit in quotes, such as "500ms", "30s", "5m", "2h" or "7d".',
  });
}
