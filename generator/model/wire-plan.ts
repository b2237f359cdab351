import { createMemo } from "../memo.ts";
import { nearestDiscriminator } from "./discriminator.ts";
import { groupBy } from "./group.ts";
import { type JobModel, type Model, type Problem, storedSides, type TypeNode } from "./model.ts";
import { pathText } from "./path-text.ts";
import { createRichness, type Richness } from "./richness.ts";
import { storeKind, unionConflict } from "./union-conflict.ts";

/** How a type is stored: absent where JSON carries it as it is. Plain data, so that emitters only print it. */
export type WirePlan =
  | { readonly kind: "date" | "coercedDate" | "bigint" | "number" | "bytes" }
  | { readonly kind: "array" | "set" | "record"; readonly item: WirePlan | undefined }
  /** `undefined` where JSON cannot leave a value out. */
  | { readonly kind: "hole"; readonly item: WirePlan | undefined }
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
  const rich = createRichness(model);
  const planner = createPlanner(types, rich);
  const named = new Map<string, WirePlan>();
  for (const [id, type] of types) {
    const plan = rich.isRichRef(id) ? planner.plan(type, undefined, []) : undefined;
    if (plan) named.set(id, plan);
  }
  const given = JSON.stringify([...types]);
  const problems = model.jobs.flatMap((job) =>
    problemsOf(job, given, () => findProblems(job, createPlanner(types, rich))),
  );
  return { plan: (type) => planner.plan(type, undefined, []), named, problems };
}

const problemsOf = createMemo<JobModel, readonly Problem[]>();

function findProblems(job: JobModel, planner: Planner): readonly Problem[] {
  for (const side of storedSides) {
    const sides = job[side];
    if (sides) planner.plan(sides.in, job, [side]);
  }
  return planner.problems();
}

const lostHole = [
  "may be both undefined and null, which JSON cannot tell apart here.",
  "Use either .nullable() or .optional() for elements of arrays, sets, maps and tuples.",
] as const;

interface Planner {
  plan(type: TypeNode, job: JobModel | undefined, path: readonly string[]): WirePlan | undefined;
  problems(): readonly Problem[];
}

function createPlanner(types: ReadonlyMap<string, TypeNode>, rich: Richness): Planner {
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
    if (!rich.isRich(type)) return undefined;
    const at = (inner: TypeNode | undefined, ...parts: string[]): WirePlan | undefined =>
      inner && plan(inner, job, [...path, ...parts]);
    /** Where a value has to stand. */
    const element = (inner: TypeNode | undefined, part: string): WirePlan | undefined => {
      if (inner && rich.isLostHole(inner)) return refuse(job, [...path, part], ...lostHole);
      const item = at(inner, part);
      return inner && rich.isHole(inner) ? { kind: "hole", item } : item;
    };
    /** A key can be left out, unless its `undefined` is to have a default. */
    const entry = (inner: TypeNode | undefined, part: string): WirePlan | undefined =>
      inner && rich.isLostHole(inner) ? at(inner, part) : element(inner, part);
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
        return { kind: type.kind, item: element(type.item, "[]") };
      case "map":
        return { kind: "map", key: element(type.key, "[key]"), value: element(type.value, "[value]") };
      case "record":
        return { kind: "record", item: entry(type.value, "[value]") };
      case "tuple":
        return {
          kind: "tuple",
          // The last item may be left out.
          items: type.items.map((item, index) =>
            (item.optional && index === type.items.length - 1 && !type.rest ? entry : element)(item.type, `[${index}]`),
          ),
          rest: element(type.rest, "[]"),
        };
      case "object":
        return {
          kind: "object",
          fields: type.properties.flatMap((property) => {
            const field = at(property.type, property.key);
            return field ? [[property.key, field] as const] : [];
          }),
          rest: entry(type.rest, "[key]"),
          restore: type.properties.filter(rich.mustRestore).map(({ key }) => key),
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
    const conflict = unionConflict(byKind, rich.isRich);
    if (conflict) return refuse(job, path, conflict.reason, conflict.hint);
    const kinds: (readonly [string, WirePlan])[] = [];
    for (const [kind, group] of byKind) {
      // A coerced date takes everything that a date takes.
      const member =
        group.find((type) => type.kind === "date" && type.coerce) ?? group.find((type) => rich.isRich(type));
      const planned = kind === "object" ? planObjects(group, job, path) : member && plan(member, job, path);
      if (planned) kinds.push([kind, planned]);
    }
    const [only] = kinds;
    if (!only) return undefined;
    // Text codecs pass other texts on by themselves, so alone they need no dispatch.
    const isPlain = kinds.length === 1 && [...byKind.keys()].every((kind) => kind === only[0] || kind === "nothing");
    return isPlain ? only[1] : { kind: "byKind", kinds: kinds.toSorted(([a], [b]) => (a < b ? -1 : 1)) };
  }

  function planObjects(
    group: readonly TypeNode[],
    job: JobModel | undefined,
    path: readonly string[],
  ): WirePlan | undefined {
    const [only] = group;
    if (group.length === 1 && only) return plan(only, job, path);
    if (!group.some(rich.isRich)) return undefined;
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

  function planIntersection(type: TypeNode, job: JobModel | undefined, path: readonly string[]): WirePlan | undefined {
    const parts = intersected(type);
    if (!parts.every((part) => part.kind === "object" && !part.rest)) {
      return refuse(
        job,
        path,
        "is an intersection that needs a codec, but is not made of plain objects.",
        "Write it as one z.object, e.g. with .extend().",
      );
    }
    const plans = parts.map((part) => plan(part, job, path)).filter((part) => part?.kind === "object");
    const fields = new Map<string, WirePlan>();
    for (const [key, field] of plans.flatMap((part) => part.fields)) {
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
    const restore = new Set(plans.flatMap((part) => part.restore));
    return { kind: "object", fields: [...fields], rest: undefined, restore: [...restore] };
  }

  /** `a.and(b).and(c)` is an intersection in an intersection. */
  function intersected(type: TypeNode): readonly TypeNode[] {
    const target = resolve(type);
    return target.kind === "intersection" ? [target.left, target.right].flatMap(intersected) : [target];
  }

  return { plan, problems: () => [...found.values()] };
}

function splitLiteral(type: TypeNode & { readonly kind: "literal" }): readonly TypeNode[] {
  return type.values.map((value): TypeNode => ({ kind: "literal", values: [value] }));
}
