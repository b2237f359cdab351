import type { UniqueScope } from "../contract/index.ts";
import { uniqueScopes } from "../contract/index.ts";
import type { UniquePolicy } from "../core/descriptor.ts";
import type { Duration } from "../core/duration.ts";
import { createOptionReader, type OptionReader } from "./option-reader.ts";
import { type Report, show } from "./problems.ts";

type Leaf =
  | string
  | number
  | boolean
  | bigint
  | null
  | undefined
  | Date
  | readonly unknown[]
  | ReadonlyMap<never, unknown>;

/** Dotted paths into an object, three levels deep; a type that is not known takes any text. */
export type InputPath<T, Depth extends readonly unknown[] = []> = unknown extends T
  ? string
  : T extends Leaf | ReadonlySet<unknown> | Uint8Array
    ? never
    : Depth["length"] extends 3
      ? never
      : { [K in keyof T & string]: K | `${K}.${InputPath<T[K], [...Depth, 0]>}` }[keyof T & string];

/** What a key can be made of: equal values make equal keys. */
export type KeyValue =
  | string
  | number
  | boolean
  | bigint
  | null
  | undefined
  | Date
  | readonly KeyValue[]
  | { readonly [key: string]: KeyValue };

/** A method, because a job's input type is on both sides of `job()`. */
type ByFunction<Input> = { by(input: Input): KeyValue }["by"];

/**
 * What makes two jobs the same: fields of the input, or what a function makes of it. `[]`: every job of this definition. A
 * function that returns `undefined` leaves that job without a key. A field that was left out counts as null, even if the
 * schema has a default for it.
 */
export type UniqueBy<Input> = readonly InputPath<Input>[] | ByFunction<Input>;

/** At most one job per key. */
export interface UniqueOptions<Input = unknown> {
  readonly by: UniqueBy<Input>;
  /**
   * How long a job keeps its key. `waiting`: until its first attempt starts. `live`: until it ends. `succeeded`: also after
   * a success, while the job is kept. `any`: while the job is kept. Default `"live"`.
   */
  readonly while?: UniqueScope;
  /** The key is free again so long after the enqueue, even if `while` says otherwise. Default: no limit. */
  readonly for?: Duration;
  /**
   * What an enqueue does whose key is taken. `ignore`: nothing, and its handle is that of the other job. `reject`: throws
   * `JW_DUPLICATE`. `replace`: the other job gets the new input, priority and time. `extend`: it gets the new time. The last
   * two leave a job alone that was started once. Default `"ignore"`.
   */
  readonly onConflict?: "ignore" | "reject" | "replace" | "extend";
}

/** Waits until no more jobs with the same key come, then runs once, with the last input. */
export interface DebounceOptions<Input = unknown> {
  readonly by: UniqueBy<Input>;
  /** Quiet time that a job waits for. */
  readonly wait: Duration;
  /** The job runs so long after the first enqueue at the latest. Default: no limit. */
  readonly maxWait?: Duration;
}

/** Runs the first job with a key; others within the time are left out. */
export interface ThrottleOptions<Input = unknown> {
  readonly by: UniqueBy<Input>;
  /** Time from one job to the next. */
  readonly per: Duration;
}

const forms = ["unique", "debounce", "throttle"] as const;

/** Under which name a policy stands in the schema. */
export type UniqueForm = (typeof forms)[number];

/** What a job definition has of it. */
export interface Uniqueness {
  readonly unique?: UniquePolicy;
  /** What a unique key is made of, if it is a function. */
  readonly uniqueBy?: (input: unknown) => unknown;
  /** For messages about the schema file. */
  readonly uniqueForm?: UniqueForm;
}

/** All three are one mechanism: a unique key with a scope, a window and a way to meet its holder. */
export function readUnique(options: object, read: OptionReader, job: string, report: Report): Uniqueness {
  const given = forms.filter((form) => read.has(form));
  const [form, other] = given;
  if (form === undefined) return {};
  if (other !== undefined) read.refuse(other, `and ${form} are both given`, "Keep one of them.");
  const value: unknown = (options as Readonly<Record<string, unknown>>)[form]; // any value may stand there in JavaScript
  const reader = createOptionReader(value, { job, path: [form], report });
  const by: unknown = typeof value === "object" && value !== null && "by" in value ? value.by : undefined;
  const paths = readBy(by, reader);
  const uniqueBy = typeof by === "function" ? { uniqueBy: by as (input: unknown) => unknown } : {}; // called with an input
  return { unique: { ...policies[form](reader), ...(paths && { by: paths }) }, ...uniqueBy, uniqueForm: form };
}

const policies = {
  unique(read: OptionReader): UniquePolicy {
    read.known(["by", "while", "for", "onConflict"]);
    return {
      scope: read.oneOf("while", uniqueScopes, "live"),
      onConflict: read.oneOf("onConflict", ["ignore", "reject", "replace", "extend"], "ignore"),
      ...(read.has("for") ? { forMs: positive(read, "for") } : {}),
    };
  },
  debounce(read: OptionReader): UniquePolicy {
    read.known(["by", "wait", "maxWait"]);
    const waitMs = positive(read, "wait");
    const maxWaitMs = read.has("maxWait") ? positive(read, "maxWait") : undefined;
    if (maxWaitMs !== undefined && maxWaitMs < waitMs) {
      read.refuse("maxWait", "is shorter than wait", "Make it at least as long, or leave it out.");
    }
    return {
      scope: "waiting",
      onConflict: "replace",
      waitMs,
      ...(maxWaitMs === undefined ? {} : { maxWaitMs }),
    };
  },
  throttle(read: OptionReader): UniquePolicy {
    read.known(["by", "per"]);
    return { scope: "any", onConflict: "ignore", forMs: positive(read, "per") };
  },
} as const;

function positive(read: OptionReader, option: string): number {
  if (!read.has(option)) {
    read.refuse(option, "is missing", 'Give a time such as "10s".');
    return 1;
  }
  const ms = read.duration(option, "10s");
  if (ms < 1) read.refuse(option, "is shorter than 1 ms", 'Give a time such as "10s".');
  return ms;
}

/** Undefined if it is a function. */
export function readBy(by: unknown, read: OptionReader): readonly string[] | undefined {
  if (typeof by === "function") return undefined;
  if (Array.isArray(by) && by.every((path): path is string => typeof path === "string" && path !== "")) return by;
  read.refuse(
    "by",
    by === undefined ? "is missing" : `is ${show(by)}`,
    'Name fields of the input, e.g. ["userId"], or give a function of it; [] stands for every job of this definition.',
  );
  return [];
}
