import { nearest } from "../../runtime/schema/suggest.ts";
import type { JobModel, Problem, TypeNode } from "./model.ts";
import { pathText } from "./path-text.ts";

/** A key of a job that the schema makes of fields of the input. */
export interface KeyPaths {
  /** The option that has it, e.g. `["concurrency", "[1]"]`. */
  readonly place: readonly string[];
  readonly by: readonly string[];
}

/**
 * Paths in `by` that no input has. Each of them would be null in every key, so that all jobs had the same; and in
 * JavaScript, or behind a cast, nobody else notices. `types`: the named types by id.
 */
export function checkKeyPaths(
  { name, input }: Pick<JobModel, "name" | "input">,
  { place, by }: KeyPaths,
  types: ReadonlyMap<string, TypeNode>,
): readonly Problem[] {
  return by.flatMap((path, index): Problem[] => {
    const end = follow(input.in, path.split("."), types);
    if (!end) return [];
    const at = [...place, "by", `[${index}]`];
    const inside = end.passed.length === 0 ? "the input" : `${end.passed.join(".")} of the input`;
    return [
      {
        code: "JW_SCHEMA_INVALID",
        job: name,
        path: at,
        message: `${pathText(name, at)} is ${JSON.stringify(path)}, but ${inside} has no field ${JSON.stringify(end.missing)}.`,
        hint: hintOf(end),
      },
    ];
  });
}

/** Where a path leaves the type. */
interface DeadEnd {
  readonly passed: readonly string[];
  readonly missing: string;
  /** What is there instead. */
  readonly fields: readonly string[];
}

function follow(root: TypeNode, path: readonly string[], types: ReadonlyMap<string, TypeNode>): DeadEnd | undefined {
  let here: readonly TypeNode[] = [root];
  for (const [depth, key] of path.entries()) {
    const alternatives = here.flatMap((type) => alternativesOf(type, types));
    here = alternatives.flatMap((type) => enter(type, key, types));
    if (here.length > 0) continue;
    const fields = [...new Set(alternatives.flatMap((type) => fieldsOf(type, types)))];
    return { passed: path.slice(0, depth), missing: key, fields };
  }
  return undefined;
}

function hintOf({ passed, missing, fields }: DeadEnd): string {
  const meant = nearest(missing, fields);
  if (meant !== undefined) return `Did you mean ${JSON.stringify([...passed, meant].join("."))}?`;
  if (fields.length === 0) return "Nothing can be picked out of it: name it as a whole, or give a function.";
  return `There are ${fields.join(", ")}; for anything else give a function.`;
}

/** What a value of this type may be, without wrappers. A path has to exist in one of them. */
export function alternativesOf(
  type: TypeNode,
  types: ReadonlyMap<string, TypeNode>,
  seen: ReadonlySet<string> = new Set(),
): readonly TypeNode[] {
  const all = (...inner: readonly TypeNode[]): readonly TypeNode[] =>
    inner.flatMap((one) => alternativesOf(one, types, seen));
  switch (type.kind) {
    case "union":
      return all(...type.members);
    case "intersection":
      return all(type.left, type.right);
    case "readonly":
    case "brand":
      return all(type.item);
    case "written":
      return all(type.stored);
    case "ref": {
      const target = types.get(type.id);
      return target && !seen.has(type.id) ? alternativesOf(target, types, new Set([...seen, type.id])) : [];
    }
    default:
      return [type];
  }
}

export function enter(type: TypeNode, key: string, types: ReadonlyMap<string, TypeNode>): readonly TypeNode[] {
  switch (type.kind) {
    case "object": {
      const inner = type.properties.find((property) => property.key === key)?.type ?? type.rest;
      return inner ? [inner] : [];
    }
    case "record": {
      const keys = listedKeys(type, types);
      return !keys || keys.includes(key) ? [type.value] : [];
    }
    case "any":
    case "unknown":
    case "never": // what could not be read, and is reported already
      return [type];
    default:
      return [];
  }
}

export function fieldsOf(type: TypeNode, types: ReadonlyMap<string, TypeNode>): readonly string[] {
  if (type.kind === "object") return type.properties.map(({ key }) => key);
  return type.kind === "record" ? (listedKeys(type, types) ?? []) : [];
}

/** Undefined: it takes other keys as well. */
function listedKeys(
  { key }: TypeNode & { readonly kind: "record" },
  types: ReadonlyMap<string, TypeNode>,
): readonly string[] | undefined {
  const keys = alternativesOf(key, types);
  const values = keys.flatMap((one) => (one.kind === "literal" ? one.values : []));
  if (!keys.every(({ kind }) => kind === "literal")) return undefined;
  return values.map(({ type, text }) => (type === "string" ? String(JSON.parse(text)) : text));
}
