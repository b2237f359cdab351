import { invalid } from "../core/emitted-parser.ts";
import type { Parser } from "../core/schema-module.ts";

/**
 * What emitted parsers call. Each function does what zod does at that place, to the last detail: a parser may neither
 * accept nor make anything else than the schema that it was printed for.
 */

export { invalid };

/** An object whose keys are not known yet. */
export interface Fields {
  readonly [key: string]: unknown;
}

/** An object in the making. */
export interface Draft {
  [key: string]: unknown;
}

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return value instanceof Map;
}

export function isSet(value: unknown): value is ReadonlySet<unknown> {
  return value instanceof Set;
}

export function isDate(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

/** What `z.record(z.string(), …)` takes: an object that no class made, without symbols as keys. */
export function isRecord(value: unknown): value is Fields {
  if (!isObject(value) || !isPlain(value)) return false;
  return !Object.getOwnPropertySymbols(value).some((key) => Object.prototype.propertyIsEnumerable.call(value, key));
}

function isPlain(value: Fields): boolean {
  const maker = value["constructor"];
  if (typeof maker !== "function") return true;
  const prototype: unknown = maker.prototype;
  return isObject(prototype) && Object.hasOwn(prototype, "isPrototypeOf");
}

// Not `new Array<unknown>(…)` and the like in emitted code: the compiler would instantiate the type each time.

/** Of its final length, so that it need not grow. */
export function newList(length: number): unknown[] {
  // oxlint-disable-next-line unicorn/no-new-array -- any other way to the length costs more than all the rest of a small list
  return new Array<unknown>(length);
}

export function newMap(): Map<unknown, unknown> {
  return new Map();
}

export function newSet(): Set<unknown> {
  return new Set();
}

export function setOf(values: readonly unknown[]): ReadonlySet<unknown> {
  return new Set(values);
}

/** Inherited keys count, as they do in zod. */
export function has(value: Fields, key: string): boolean {
  return key in value;
}

export function hasOtherKeys(value: Fields, known: ReadonlySet<unknown>): boolean {
  for (const key in value) if (!known.has(key)) return true;
  return false;
}

/** An own key `__proto__` is dropped, because it would set the prototype. */
export function copyOtherKeys(value: Fields, known: ReadonlySet<unknown>, draft: Draft): void {
  for (const key in value) if (!known.has(key) && key !== "__proto__") draft[key] = value[key];
}

/** Whether the text has fewer code points. */
export function isShorter(text: string, size: number): boolean {
  return text.length < size || (text.length < 2 * size && codePoints(text) < size);
}

/** Whether the text has more code points. */
export function isLonger(text: string, size: number): boolean {
  return text.length > size && codePoints(text) > size;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** What is asked of a URL beyond that it is one. */
export interface UrlForm {
  readonly hostname?: RegExp;
  readonly protocol?: RegExp;
  readonly normalize?: boolean;
}

const httpOnly = "^https?$";

/** The text that zod makes of the text of a URL. */
export function urlOf(value: unknown, form?: UrlForm): string | typeof invalid {
  if (typeof value !== "string") return invalid;
  const text = value.trim();
  if (!form) return URL.canParse(text) ? withoutBreaks(text) : invalid;
  const { hostname, protocol, normalize } = form;
  // `new URL` would take `http:example.com` as well.
  if (!normalize && protocol?.source === httpOnly && !/^https?:\/\//i.test(text)) return invalid;
  if (!URL.canParse(text)) return invalid;
  const url = new URL(text);
  if (hostname && !hostname.test(url.hostname)) return invalid;
  if (protocol && !protocol.test(url.protocol.slice(0, -1))) return invalid;
  return normalize ? url.href : withoutBreaks(text);
}

/** `new URL` does not see them. */
function withoutBreaks(text: string): string {
  return text.replace(/[\t\n\r]/g, "");
}

export function freeze(value: object): object {
  return Object.freeze(value);
}

/** A place in a schema: members of zod's definitions, with a key where the member is a list or a shape. */
export type SchemaPath = readonly (readonly [member: string, key?: string | number])[];

/** Parses with a part of the schema. */
export function live(schema: unknown, path: SchemaPath): (value: unknown) => unknown {
  const part = partOf(schema, path) as unknown as Parser; // the plan was made of schemas that have safeParse
  return (value) => {
    const result = part.safeParse(value);
    return result.success ? result.data : invalid;
  };
}

/** The value that a part of the schema has for what is absent; made anew for each call, as the schema says. */
export function defaultOf(schema: unknown, path: SchemaPath): () => unknown {
  const { def } = partOf(schema, path)._zod;
  return () => def["defaultValue"];
}

interface Part {
  readonly _zod: { readonly def: Readonly<Record<string, unknown>> };
}

function partOf(schema: unknown, path: SchemaPath): Part {
  let part = schema as Part; // the fingerprint proved that it is the schema that the path was made for
  for (const [member, key] of path) {
    const value = part._zod.def[member];
    part = (key === undefined ? value : (value as Readonly<Record<string | number, unknown>>)[key]) as Part; // as above
  }
  return part;
}
