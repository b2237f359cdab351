import { nearestDiscriminator } from "./discriminator.ts";
import { groupBy } from "./group.ts";
import { type JobModel, type Model, type Problem, type Property, storedSides, type TypeNode } from "./model.ts";
import { pathText } from "./path-text.ts";
import { admitsUndefined } from "./questions.ts";

/** How a type is stored: absent where JSON carries it as it is. Plain data, so that emitters only print it. */
export type WirePlan =
  | { readonly kind: "date" | "coercedDate" | "bigint" | "number" | "bytes" }
  | { readonly kind: "array" | "set" | "record"; readonly item: WirePlan | undefined }
  | { readonly kind: "map"; readonly key: WirePlan | undefined; readonly value: WirePlan | undefined }
  | { readonly kind: "tuple"; readonly items: readonly (WirePlan | undefined)[]; readonly rest: WirePlan | undefined }
  | {
      readonly kind: "object";
      readonly fields: readonly (readonly [key: string, plan: WirePlan])[];
      readonly rest: WirePlan | undefined;
      readonly restore: readonly string[];
    }
  | { readonly kind: "byKind"; readonly kinds: readonly (readonly [kind: string, plan: WirePlan])[] }
  | {
      readonly kind: "byKey";
      readonly key: string;
      readonly cases: readonly (readonly [text: string, plan: WirePlan])[];
    }
  | { readonly kind: "ref"; readonly id: string };

export interface WirePlans {
  /** Undefined: JSON carries it. */
  plan(type: TypeNode): WirePlan | undefined;
  /** Plans of the named types that need one. */
  readonly named: ReadonlyMap<string, WirePlan>;
  readonly problems: readonly Problem[];
}

/** Plans for the input sides of a model, which are what is stored. */
export function planWire(model: Model): WirePlans {
  const types = new Map(model.named.map((named) => [named.id, named.in]));
  const rich = findRich(model);
  const problems: Problem[] = [];
  const planner = createPlanner(types, rich);
  const named = new Map<string, WirePlan>();
  for (const [id, type] of types) {
    const plan = rich.has(id) ? planner.plan(type, undefined, []) : undefined;
    if (plan) named.set(id, plan);
  }
  for (const job of model.jobs) {
    for (const side of storedSides) {
      const sides = job[side];
      if (sides) planner.plan(sides.in, job, [side]);
    }
  }
  problems.push(...planner.problems());
  return { plan: (type) => planner.plan(type, undefined, []), named, problems };
}

/** Named types that hold, somewhere, what JSON cannot carry. */
function findRich(model: Model): ReadonlySet<string> {
  const rich = new Set<string>();
  for (let before = -1; before < rich.size;) {
    before = rich.size;
    for (const { id, in: type } of model.named) if (isRich(type, rich)) rich.add(id);
  }
  return rich;
}

function isRich(type: TypeNode, rich: ReadonlySet<string>): boolean {
  const test = (inner: TypeNode | undefined): boolean => inner !== undefined && isRich(inner, rich);
  switch (type.kind) {
    case "date":
    case "bigint":
    case "bytes":
    case "map":
    case "set":
      return true;
    case "number":
      return type.special;
    case "literal":
      return type.values.some((value) => value.type === "bigint");
    case "object":
      return test(type.rest) || type.properties.some((property) => test(property.type) || mustRestore(property));
    case "array":
    case "readonly":
    case "brand":
      return test(type.item);
    case "tuple":
      return test(type.rest) || type.items.some((item) => test(item.type) || admitsUndefined(item.type));
    case "record":
      return test(type.value);
    case "union":
      return type.members.some(test);
    case "intersection":
      return test(type.left) || test(type.right);
    case "ref":
      return rich.has(type.id);
    case "written":
      return test(type.stored);
    default:
      return false;
  }
}

/** zod demands the key, JSON drops it together with its `undefined`. */
function mustRestore({ optional, type }: Property): boolean {
  return !optional && (admitsUndefined(type) || type.kind === "unknown" || type.kind === "any");
}

interface Planner {
  plan(type: TypeNode, job: JobModel | undefined, path: readonly string[]): WirePlan | undefined;
  problems(): readonly Problem[];
}

const textKinds = ["date", "bigint", "number", "bytes"];
const listKinds = ["array", "map", "set"];

/** Literal texts that a codec would take for its own. */
const textForms: Readonly<Record<string, RegExp>> = {
  date: /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT/,
  bigint: /^-?\d+$/,
  number: /^(?:NaN|-?Infinity)$/,
  bytes: /^/,
};

function createPlanner(types: ReadonlyMap<string, TypeNode>, rich: ReadonlySet<string>): Planner {
  const found = new Map<string, Problem>();

  function refuse(job: JobModel | undefined, path: readonly string[], reason: string, hint: string): undefined {
    // Without a job it is a named type, which every job that uses it reports as well.
    if (!job) return undefined;
    const where = pathText(job.name, path);
    const problem = {
      code: "JW_SCHEMA_UNREPRESENTABLE",
      job: job.name,
      path,
      message: `${where} ${reason}`,
      hint,
    } as const;
    found.set(JSON.stringify([job.name, path]), problem);
    return undefined;
  }

  /** Without the wrappers that do not matter for storing. */
  function bare(type: TypeNode): TypeNode {
    if (type.kind === "readonly" || type.kind === "brand") return bare(type.item);
    return type.kind === "written" ? bare(type.stored) : type;
  }

  function resolve(type: TypeNode): TypeNode {
    const inner = bare(type);
    const target = inner.kind === "ref" ? types.get(inner.id) : undefined;
    return target && target.kind !== "ref" ? bare(target) : inner;
  }

  function plan(type: TypeNode, job: JobModel | undefined, path: readonly string[]): WirePlan | undefined {
    if (!isRich(type, rich)) return undefined;
    const at = (inner: TypeNode | undefined, ...parts: string[]): WirePlan | undefined =>
      inner && plan(inner, job, [...path, ...parts]);
    switch (type.kind) {
      case "date":
        return { kind: type.coerce ? "coercedDate" : "date" };
      case "bigint":
      case "bytes":
      case "number":
        return { kind: type.kind };
      case "literal":
        return type.values.length === 1 ? { kind: "bigint" } : planUnion([type], job, path);
      case "array":
      case "set":
        return { kind: type.kind, item: at(type.item, "[]") };
      case "map":
        return { kind: "map", key: at(type.key, "[key]"), value: at(type.value, "[value]") };
      case "record":
        return { kind: "record", item: at(type.value, "[value]") };
      case "tuple":
        return {
          kind: "tuple",
          items: type.items.map((item, index) => at(item.type, `[${index}]`)),
          rest: at(type.rest, "[]"),
        };
      case "object":
        return {
          kind: "object",
          fields: type.properties.flatMap((property) => {
            const field = at(property.type, property.key);
            return field ? [[property.key, field] as const] : [];
          }),
          rest: at(type.rest, "[key]"),
          restore: type.properties.filter(mustRestore).map(({ key }) => key),
        };
      case "readonly":
      case "brand":
        return plan(type.item, job, path);
      case "written":
        return plan(type.stored, job, path);
      case "ref":
        return { kind: "ref", id: type.id };
      case "union":
        return planUnion(type.members, job, path);
      case "intersection":
        return planIntersection(type, job, path);
      default:
        return undefined;
    }
  }

  function planUnion(
    members: readonly TypeNode[],
    job: JobModel | undefined,
    path: readonly string[],
  ): WirePlan | undefined {
    const flat = members.flatMap((member): readonly TypeNode[] => {
      const type = resolve(member);
      // A ref to an object keeps its name; a union behind a ref is one of the members' own.
      if (type.kind === "union") return type.members;
      return type.kind === "literal" ? splitLiteral(type) : [member];
    });
    const byKind = groupBy(flat, (member) => storeKind(resolve(member)));
    const conflict = findConflict(byKind);
    if (conflict) return refuse(job, path, conflict.reason, conflict.hint);
    const kinds: (readonly [string, WirePlan])[] = [];
    for (const [kind, group] of byKind) {
      // A coerced date takes everything that a date takes.
      const member =
        group.find((type) => type.kind === "date" && type.coerce) ?? group.find((type) => isRich(type, rich));
      const planned = kind === "object" ? planObjects(group, job, path) : member && plan(member, job, path);
      if (planned) kinds.push([kind, planned]);
    }
    const [only] = kinds;
    if (!only) return undefined;
    // Text codecs pass other texts on by themselves, so alone they need no dispatch.
    const isPlain = kinds.length === 1 && [...byKind.keys()].every((kind) => kind === only[0] || kind === "nothing");
    return isPlain ? only[1] : { kind: "byKind", kinds: kinds.toSorted(([a], [b]) => (a < b ? -1 : 1)) };
  }

  function findConflict(
    byKind: ReadonlyMap<string, readonly TypeNode[]>,
  ): { reason: string; hint: string } | undefined {
    const texts = textKinds.filter(
      (kind) => byKind.has(kind) && !(kind === "number" && !byKind.get(kind)?.some((type) => isRich(type, rich))),
    );
    const richKinds = [...byKind]
      .filter(([, group]) => group.some((member) => isRich(member, rich)))
      .map(([kind]) => kind);
    const clash = (a: string, b: string): { reason: string; hint: string } => ({
      reason: `is a union of ${label(a)} and ${label(b)}, which look the same once they are stored.`,
      hint: "Use z.discriminatedUnion with one object per case, or two optional fields.",
    });
    const [firstText, secondText] = texts;
    if (byKind.has("anything") && richKinds[0] !== undefined) return clash(richKinds[0], "anything");
    if (firstText !== undefined && byKind.has("string")) return clash(firstText, "string");
    if (secondText !== undefined && firstText !== undefined && texts.includes("bytes")) {
      return clash("bytes", firstText === "bytes" ? secondText : firstText);
    }
    const literals = (byKind.get("literal") ?? []).flatMap((type) => (type.kind === "literal" ? type.values : []));
    const taken = texts.find((kind) =>
      literals.some(({ type, text }) => type === "string" && textForms[kind]?.test(String(JSON.parse(text)))),
    );
    if (taken !== undefined) return clash(taken, "literal");
    const lists = listKinds.filter((kind) => byKind.has(kind));
    if (lists.length > 1 && lists[0] !== undefined && lists[1] !== undefined) return clash(lists[0], lists[1]);
    const crowded = listKinds.find((kind) => (byKind.get(kind)?.length ?? 0) > 1 && richKinds.includes(kind));
    return crowded === undefined ? undefined : clash(crowded, crowded);
  }

  function planObjects(
    group: readonly TypeNode[],
    job: JobModel | undefined,
    path: readonly string[],
  ): WirePlan | undefined {
    const [only] = group;
    if (group.length === 1 && only) return plan(only, job, path);
    if (!group.some((member) => isRich(member, rich))) return undefined;
    const found = nearestDiscriminator(group.map(resolve));
    if (!found) {
      return refuse(
        job,
        path,
        "is a union of objects that cannot be told apart, and some of them need a codec.",
        'Give each object a key with its own literal, e.g. type: z.literal("email"), and use z.discriminatedUnion.',
      );
    }
    const cases = group.flatMap((member, index) => {
      const planned = plan(member, job, path);
      return planned ? (found.values[index] ?? []).map((text) => [text, planned] as const) : [];
    });
    return { kind: "byKey", key: found.key, cases };
  }

  function planIntersection(
    type: TypeNode & { readonly kind: "intersection" },
    job: JobModel | undefined,
    path: readonly string[],
  ): WirePlan | undefined {
    const parts = [plan(type.left, job, path), plan(type.right, job, path)].filter((part) => part !== undefined);
    const targets = [type.left, type.right].map(resolve);
    const plain = targets.every((target) => target.kind === "object" && !target.rest);
    if (!plain) {
      return refuse(
        job,
        path,
        "is an intersection that needs a codec, but is not made of plain objects.",
        "Write it as one z.object, e.g. with .extend().",
      );
    }
    const fields = new Map<string, WirePlan>();
    for (const target of targets) {
      const planned = plan(target, job, path);
      if (planned?.kind !== "object") continue;
      for (const [key, field] of planned.fields) {
        const other = fields.get(key);
        if (other && JSON.stringify(other) !== JSON.stringify(field)) {
          return refuse(
            job,
            [...path, key],
            "is declared differently by the two sides of an intersection.",
            "Declare it in one of them.",
          );
        }
        fields.set(key, field);
      }
    }
    const restore = parts.flatMap((part) => (part.kind === "object" ? part.restore : []));
    return { kind: "object", fields: [...fields], rest: undefined, restore: [...new Set(restore)] };
  }

  return { plan, problems: () => [...found.values()] };
}

function splitLiteral(type: TypeNode & { readonly kind: "literal" }): readonly TypeNode[] {
  return type.values.map((value): TypeNode => ({ kind: "literal", values: [value] }));
}

/** By what a value of this type can be told from others, both before and after it is stored. */
function storeKind(type: TypeNode): string {
  switch (type.kind) {
    case "null":
    case "undefined":
    case "boolean":
    case "never":
      return "nothing";
    case "literal": {
      const [value] = type.values;
      if (value?.type === "bigint") return "bigint";
      return value?.type === "string" ? "literal" : "nothing";
    }
    case "string":
    case "template":
      return "string";
    case "number":
    case "date":
    case "bigint":
    case "bytes":
    case "map":
    case "set":
      return type.kind;
    case "array":
    case "tuple":
      return "array";
    case "object":
    case "record":
    case "intersection":
      return "object";
    default:
      return "anything";
  }
}

function label(kind: string): string {
  const labels: Readonly<Record<string, string>> = {
    anything: "a value of any kind",
    array: "an array",
    bigint: "a bigint",
    bytes: "a Uint8Array",
    date: "a Date",
    literal: "a literal of the same form",
    map: "a Map",
    number: "a number that may be NaN or infinite",
    set: "a Set",
    string: "a string",
  };
  return labels[kind] ?? kind;
}
