import type { SchemaOptions } from "./options.ts";
import { type Report, show } from "./problems.ts";

/** What another `defineJobs` was given. Under a registered symbol: each package of a monorepo may have a copy of this one. */
const declaredKey = Symbol.for("jobwright.declared");

export interface Declared {
  readonly declarations: object;
  readonly options: SchemaOptions;
}

/** A job or workflow with its place in the namespaces. */
export interface Entry {
  /** With the namespaces in front, e.g. `billing.charge`. */
  readonly name: string;
  /** Names of the namespaces, then its own. */
  readonly path: readonly string[];
  readonly declaration: unknown;
}

/** All that one `defineJobs` declares, in its namespaces as well. */
export interface Declarations {
  readonly entries: readonly Entry[];
  /** Options of the namespaces, then its own. */
  readonly options: readonly unknown[];
}

/** To be spread into a schema: what makes it a namespace of others. */
export function keepDeclared(declarations: object, options: SchemaOptions): object {
  return { [declaredKey]: { declarations, options } satisfies Declared };
}

export function readDeclarations(declarations: unknown, options: unknown, report: Report): Declarations {
  const { entries, options: inner } = walk(entriesOf(declarations, report), []);
  return { entries, options: [...inner, options] };
}

function walk(members: readonly (readonly [string, unknown])[], scope: readonly string[]): Declarations {
  const parts = members.map(([key, value]): Declarations => {
    const path = [...scope, key];
    const inner = declaredOf(value);
    if (!inner) return { entries: [{ name: path.join("."), path, declaration: value }], options: [] };
    const { entries, options } = walk(Object.entries(inner.declarations), path);
    return { entries, options: [...options, inner.options] };
  });
  return { entries: parts.flatMap(({ entries }) => entries), options: parts.flatMap(({ options }) => options) };
}

/** What `defineJobs` was given to make a schema of; undefined: it is none. */
export function declaredOf(value: unknown): Declared | undefined {
  if (typeof value !== "object" || value === null || !(declaredKey in value)) return undefined;
  return value[declaredKey] as Declared; // nothing but `keepDeclared` has the key
}

function entriesOf(declarations: unknown, report: Report): [string, unknown][] {
  if (typeof declarations !== "object" || declarations === null || Array.isArray(declarations)) {
    report({
      path: [],
      message: `defineJobs was given ${show(declarations)}.`,
      hint: "Write defineJobs({ sendEmail: job({ … }) }).",
    });
    return [];
  }
  if (Object.getPrototypeOf(declarations) !== Object.prototype && Object.getPrototypeOf(declarations) !== null) {
    report({
      path: [],
      message: 'A job named "__proto__" was declared, or the jobs are not a plain object.',
      hint: "Give defineJobs a plain object with one entry per job.",
    });
  }
  return Object.entries(declarations);
}
