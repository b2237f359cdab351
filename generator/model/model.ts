import type { ScheduleTiming } from "../../runtime/core/schedule.ts";
import type { RetryPolicy } from "../../runtime/core/backoff.ts";
import type { BatchPolicy, GateDescriptor, UniquePolicy } from "../../runtime/core/descriptor.ts";
import type { FlowPlan } from "../../runtime/core/flow/plan.ts";
import type { WorkflowPart } from "../../runtime/schema/options.ts";
import type { Sensitive } from "../../runtime/core/redaction.ts";
import type { LiteralValue } from "../../runtime/schema/literal.ts";
import type { ParsePlan } from "../../runtime/schema/parse-plan.ts";
import type { JobContract } from "./contract.ts";

export type { LiteralValue };

/** Grows when emitters that were written for an older model may print something wrong; not when a field is added. */
export const modelVersion = 1;

/**
 * What the generator knows of a schema: plain, frozen data, ordered, without zod. Emitters see nothing else. It survives
 * `JSON.stringify`, so that a program in another language can print from it, too.
 */
export interface Model {
  readonly modelVersion: typeof modelVersion;
  /** Jobs by name. */
  readonly jobs: readonly JobModel[];
  /** Workflows by name. Absent: none, so that the hash of a model without them stays what it was. */
  readonly workflows?: readonly WorkflowModel[];
  /** Types that are referred to by name: recursive ones, and those that the schema gave a name. */
  readonly named: readonly NamedType[];
}

export interface JobModel {
  readonly name: string;
  readonly queue: string;
  readonly version: number;
  /** Older versions that a function of the schema carries forward, ascending. */
  readonly upgrades?: readonly number[];
  /** What the lock keeps of them. Absent, as the contract is, from what the schema itself says. */
  readonly previous?: readonly PreviousVersion[];
  readonly priority: number;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly expireAfterMs?: number;
  readonly maxCrashes: number;
  readonly unique?: UniquePolicy;
  readonly keepLogs?: number;
  readonly maxWaiting?: number;
  readonly gates?: readonly GateDescriptor[];
  readonly schedules?: Readonly<Record<string, ScheduleTiming>>;
  /** Absent: not transactional, so that the hash of a model without such jobs stays what it was. */
  readonly transactional?: true;
  readonly batch?: BatchPolicy;
  readonly docs: Docs;
  readonly input: Sides;
  /** Absent: the schema declares no output. */
  readonly output?: Sides;
  /** An object with a property for each declared error. */
  readonly errors?: Sides;
  /** Absent: the progress is a number. */
  readonly progress?: Sides;
  readonly discardOn?: readonly string[];
  readonly retryOn?: readonly string[];
  readonly encrypted?: true;
  readonly sensitive?: Sensitive;
  /** What the lock keeps. */
  readonly contract: JobContract;
  /** How zod parses, where a parser can be printed for it. */
  readonly parse?: Readonly<Partial<Record<ParsedSide, ParsePlan>>>;
}

export interface WorkflowModel {
  readonly name: string;
  readonly docs: Docs;
  readonly input: Sides;
  /** Absent: the schema declares no output. */
  readonly output?: Sides;
  /** An object with the payload of each signal. Absent: there are none. */
  readonly signals?: Sides;
  /** All nodes as they are enqueued, those of workflows within this one too. */
  readonly plan: FlowPlan;
  /** The nodes as they were declared. */
  readonly parts: readonly WorkflowPart[];
  /** What the lock keeps. */
  readonly contract: JobContract;
}

/** A version that jobs in a store may still have. */
export interface PreviousVersion {
  readonly version: number;
  readonly contract: JobContract;
}

/** The schemas of a job whose values are stored. */
export const storedSides = ["input", "output", "errors", "progress"] as const;
export type StoredSide = (typeof storedSides)[number];

/** The sides that are parsed for every job, other than errors. */
export const parsedSides = ["input", "output", "progress"] as const satisfies readonly StoredSide[];
export type ParsedSide = (typeof parsedSides)[number];

/** A schema is two types: what goes in, and what comes out after parsing. */
export interface Sides {
  readonly in: TypeNode;
  readonly out: TypeNode;
}

export interface NamedType extends Sides {
  /** What `ref` nodes carry. */
  readonly id: string;
  /** Wished-for name; the emitters make it unique. */
  readonly name: string;
  /** What the schema file calls it, if it exports it. */
  readonly constant?: string;
  readonly docs: Docs;
}

export interface Docs {
  readonly text?: string;
  /** Empty: deprecated without a reason. */
  readonly deprecated?: string;
}

export interface Property {
  readonly key: string;
  readonly optional: boolean;
  readonly type: TypeNode;
  readonly docs: Docs;
}

export interface TupleItem {
  readonly optional: boolean;
  readonly type: TypeNode;
}

export type TypeNode =
  | { readonly kind: "string" | "boolean" | "bigint" | "null" | "undefined" | "any" | "unknown" | "never" | "bytes" }
  | { readonly kind: "date"; readonly coerce: boolean }
  /** `special`: NaN or ±Infinity may occur. */
  | { readonly kind: "number"; readonly special: boolean }
  | { readonly kind: "literal"; readonly values: readonly LiteralValue[] }
  /** `text`: the template literal type, backticks included. */
  | { readonly kind: "template"; readonly text: string }
  /** `rest`: the type of keys that are not listed. */
  | { readonly kind: "object"; readonly properties: readonly Property[]; readonly rest?: TypeNode }
  | { readonly kind: "array" | "set" | "readonly"; readonly item: TypeNode }
  | { readonly kind: "tuple"; readonly items: readonly TupleItem[]; readonly rest?: TypeNode }
  | { readonly kind: "record"; readonly key: TypeNode; readonly value: TypeNode; readonly partial: boolean }
  | { readonly kind: "map"; readonly key: TypeNode; readonly value: TypeNode }
  | { readonly kind: "union"; readonly members: readonly TypeNode[] }
  | { readonly kind: "intersection"; readonly left: TypeNode; readonly right: TypeNode }
  | { readonly kind: "ref"; readonly id: string }
  /** A type that the user wrote; `from` is a package, or a file relative to the schema. `stored`: how it is stored. */
  | { readonly kind: "written"; readonly text: string; readonly from?: string; readonly stored: TypeNode }
  | { readonly kind: "brand"; readonly name: string; readonly item: TypeNode };

/** Something that the model cannot hold, before its place in the file is known. */
export interface Problem {
  readonly code: "JW_SCHEMA_INVALID" | "JW_SCHEMA_UNREPRESENTABLE" | "JW_CONTRACT_BREAKING";
  readonly job?: string;
  /** From the job on, e.g. `["input", "attachments", "[]", "file"]`. */
  readonly path: readonly string[];
  readonly message: string;
  readonly hint: string;
}

const undefinedNode = { kind: "undefined" } as const;

export function withUndefined(type: TypeNode): TypeNode {
  return unionOf([type, undefinedNode]);
}

/** Flattens nested unions and drops what is there twice. */
export function unionOf(members: readonly TypeNode[]): TypeNode {
  const flat = members.flatMap((member) => (member.kind === "union" ? member.members : [member]));
  const unique = new Map(flat.filter(({ kind }) => kind !== "never").map((member) => [JSON.stringify(member), member]));
  const [only, ...others] = unique.values();
  if (only === undefined) return { kind: "never" };
  return others.length === 0 ? only : { kind: "union", members: [only, ...others] };
}

/** Without `undefined`, as `nonoptional` and a default leave it. */
export function withoutUndefined(type: TypeNode): TypeNode {
  switch (type.kind) {
    case "undefined":
      return { kind: "never" };
    case "union":
      return unionOf(type.members.map(withoutUndefined));
    case "literal": {
      const values = type.values.filter((value) => value.type !== "undefined");
      return values.length === 0 ? { kind: "never" } : { kind: "literal", values };
    }
    default:
      return type;
  }
}
