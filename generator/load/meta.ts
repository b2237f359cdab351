import type { $ZodType } from "zod/v4/core";
import type { Docs } from "../model/model.ts";

/** What `.meta({ … })` and `.describe()` may say to the generator. */
export interface SchemaMeta {
  readonly id?: string;
  readonly description?: string;
  readonly deprecated?: string;
  /** The TypeScript type to print, where zod does not know it. */
  readonly tsType?: string;
  /** Where the name in `tsType` comes from: a package, or a file relative to the schema. */
  readonly from?: string;
  readonly brand?: string;
  /** Not to be shown. */
  readonly sensitive?: true;
}

interface Registry {
  get(schema: $ZodType): Readonly<Record<string, unknown>> | undefined;
}

/** zod keeps one registry per process, shared by all its copies. */
function registry(): Registry | undefined {
  const key = "__zod_globalRegistry";
  return (globalThis as Readonly<Record<string, unknown>>)[key] as Registry | undefined; // set by zod itself
}

export function metaOf(schema: $ZodType): SchemaMeta {
  const meta = registry()?.get(schema);
  if (!meta) return {};
  return definedOnly({
    id: text(meta["id"]),
    description: text(meta["description"]) ?? text(meta["title"]),
    deprecated: meta["deprecated"] === true ? "" : text(meta["deprecated"]),
    tsType: text(meta["tsType"]),
    from: text(meta["import"]),
    brand: text(meta["brand"]),
    // Whatever stands there: a mark that is misspelled must not count as none.
    sensitive: meta["sensitive"] === undefined || meta["sensitive"] === false ? undefined : (true as const),
  });
}

/** The documentation of a schema, or of what it wraps: `z.string().describe("…").optional()` keeps it inside. */
export function docsOf(schema: $ZodType): Docs {
  const meta = metaOf(schema);
  if (meta.description !== undefined || meta.deprecated !== undefined) {
    return definedOnly({ text: meta.description, deprecated: meta.deprecated });
  }
  const inner = wrapped(schema);
  return inner ? docsOf(inner) : {};
}

function wrapped(schema: $ZodType): $ZodType | undefined {
  const { def } = schema._zod;
  return "innerType" in def && def.type !== "promise" ? (def.innerType as $ZodType) : undefined; // set by zod's wrappers
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function definedOnly<T extends object>(object: T): Defined<T> {
  // Object.entries keeps the pairs of T that have a value.
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
