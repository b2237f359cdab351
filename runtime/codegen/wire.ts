import type { WireCodec } from "../core/descriptor.ts";

/**
 * The parts that emitted codecs are made of. What is stored is JSON; these carry what JSON cannot.
 *
 * They run beside zod: after it when encoding, before it when decoding. So a value that does not fit passes unchanged,
 * and zod reports it with its path. `null` and `undefined` always pass: whether they may stand there is zod's affair.
 */

/** Carried as it is; for the plain places inside of maps, sets and tuples. */
export const json: WireCodec = { encode: (value) => value, decode: (wire) => wire };

const isoDate = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const decimal = /^-?\d+$/;

/** ISO 8601 in UTC, with milliseconds. */
export const date: WireCodec = {
  encode: (value) => (value instanceof Date ? value.toISOString() : value),
  decode: (wire) => (typeof wire === "string" && isoDate.test(wire) ? new Date(wire) : wire),
};

/** For `z.coerce.date()`, which also accepts what `new Date(…)` does. */
export const coercedDate: WireCodec = {
  encode(value) {
    if (isMissing(value)) return value;
    const at = new Date(value as string | number | Date); // other values make an invalid date
    return Number.isNaN(at.getTime()) ? value : at.toISOString();
  },
  decode: date.decode,
};

/** Decimal digits. */
export const bigint: WireCodec = {
  encode: (value) => (typeof value === "bigint" ? String(value) : value),
  decode: (wire) => (typeof wire === "string" && decimal.test(wire) ? BigInt(wire) : wire),
};

const specialNumbers = new Map<unknown, number>([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** Numbers that may be NaN or infinite: these as their names. */
export const number: WireCodec = {
  encode: (value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value),
  decode: (wire) => specialNumbers.get(wire) ?? wire,
};

/** Base64. */
export const bytes: WireCodec = {
  encode: (value) =>
    value instanceof Uint8Array
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")
      : value,
  decode(wire) {
    if (typeof wire !== "string" || wire.length % 4 !== 0) return wire;
    const buffer = Buffer.from(wire, "base64");
    const padding = wire.endsWith("==") ? 2 : wire.endsWith("=") ? 1 : 0;
    // Buffer skips what is not base64, and so ends up shorter. A copy, because a Buffer is a window on memory that it shares.
    return buffer.length === (wire.length / 4) * 3 - padding ? new Uint8Array(buffer) : wire;
  },
};

export function array(item: WireCodec): WireCodec {
  return {
    encode: (value) => (Array.isArray(value) ? value.map((entry) => item.encode(entry)) : value),
    decode: (wire) => (Array.isArray(wire) ? wire.map((entry) => item.decode(entry)) : wire),
  };
}

/** `undefined` where a value has to stand: null, which its type has no other use for. */
export function hole(item: WireCodec): WireCodec {
  return {
    encode: (value) => (value === undefined ? null : item.encode(value)),
    decode: (wire) => (wire === null ? undefined : item.decode(wire)),
  };
}

/** What is still `undefined` at the end is left out, because JSON would make it null. */
export function tuple(items: readonly WireCodec[], rest: WireCodec = json): WireCodec {
  return {
    encode(value) {
      if (!Array.isArray(value)) return value;
      const encoded = value.map((entry, index) => (items[index] ?? rest).encode(entry));
      return encoded.slice(0, encoded.findLastIndex((entry) => entry !== undefined) + 1);
    },
    decode: (wire) => (Array.isArray(wire) ? wire.map((entry, index) => (items[index] ?? rest).decode(entry)) : wire),
  };
}

/** A list of its members. */
export function set(item: WireCodec): WireCodec {
  return {
    encode: (value) => (value instanceof Set ? Array.from(value, (entry) => item.encode(entry)) : value),
    decode: (wire) => (Array.isArray(wire) ? new Set(wire.map((entry) => item.decode(entry))) : wire),
  };
}

/** A list of `[key, value]`. */
export function map(key: WireCodec, value: WireCodec): WireCodec {
  const isPair = (entry: unknown): entry is [unknown, unknown] => Array.isArray(entry) && entry.length === 2;
  return {
    encode: (input) => (input instanceof Map ? Array.from(input, ([k, v]) => [key.encode(k), value.encode(v)]) : input),
    decode: (wire) =>
      Array.isArray(wire) && wire.every(isPair)
        ? new Map(wire.map(([k, v]) => [key.decode(k), value.decode(v)]))
        : wire,
  };
}

/** The same codec for every value. */
export function record(value: WireCodec): WireCodec {
  const convert = (input: unknown, side: keyof WireCodec): unknown => {
    if (!isObject(input)) return input;
    return Object.fromEntries(Object.entries(input).map(([key, entry]) => [key, value[side](entry)]));
  };
  return { encode: (input) => convert(input, "encode"), decode: (wire) => convert(wire, "decode") };
}

export interface ObjectOptions {
  /** For the keys that are not listed. Default: carried as they are. */
  readonly rest?: WireCodec;
  /** Keys that have to be there though their value is `undefined`; JSON leaves them out. Default: none. */
  readonly restore?: readonly string[];
}

/** Only the fields that need it are listed; the others are carried as they are. */
export function object(fields: Readonly<Record<string, WireCodec>>, options: ObjectOptions = {}): WireCodec {
  const codecs = new Map(Object.entries(fields));
  const { rest, restore = [] } = options;
  const convert = (input: object, side: keyof WireCodec): [string, unknown][] =>
    Object.entries(input).map(([key, value]) => [key, (codecs.get(key) ?? rest ?? json)[side](value)]);
  return {
    // fromEntries defines properties, so that a key "__proto__" is one like any other.
    encode: (value) => (isObject(value) ? Object.fromEntries(convert(value, "encode")) : value),
    decode(wire) {
      if (!isObject(wire)) return wire;
      const missing = restore.filter((key) => !Object.hasOwn(wire, key)).map((key) => [key, undefined] as const);
      return Object.fromEntries([...convert(wire, "decode"), ...missing]);
    },
  };
}

/** What a value of a union can be, told by looking at it. */
export interface KindCodecs {
  readonly date?: WireCodec;
  readonly bigint?: WireCodec;
  readonly number?: WireCodec;
  readonly bytes?: WireCodec;
  readonly map?: WireCodec;
  readonly set?: WireCodec;
  readonly array?: WireCodec;
  readonly object?: WireCodec;
}

/** A union whose members are told apart by their kind. The generator made sure that their stored forms differ, too. */
export function byKind(codecs: KindCodecs): WireCodec {
  const list = codecs.map ?? codecs.set ?? codecs.array ?? json;
  // Each of these takes only texts of its own form and passes the others on.
  const texts = [codecs.date, codecs.bigint, codecs.number, codecs.bytes].filter((codec) => codec !== undefined);
  return {
    encode(value) {
      const kind = kindOf(value);
      return kind === undefined ? value : (codecs[kind] ?? json).encode(value);
    },
    decode(wire) {
      if (typeof wire === "string")
        return texts.reduce<unknown>((value, codec) => (value === wire ? codec.decode(value) : value), wire);
      if (Array.isArray(wire)) return list.decode(wire);
      return isObject(wire) ? (codecs.object ?? json).decode(wire) : wire;
    },
  };
}

function kindOf(value: unknown): keyof KindCodecs | undefined {
  if (typeof value === "bigint" || typeof value === "number") return typeof value === "bigint" ? "bigint" : "number";
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof Date) return "date";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Map) return "map";
  if (value instanceof Set) return "set";
  return Array.isArray(value) ? "array" : "object";
}

/** A union of objects that are told apart by the value of one key. Objects with other values are carried as they are. */
export function byKey(key: string, cases: readonly (readonly [value: unknown, codec: WireCodec])[]): WireCodec {
  const codecs = new Map(cases);
  const codecOf = (value: object): WireCodec => codecs.get((value as Readonly<Record<string, unknown>>)[key]) ?? json; // any key may be asked for
  return {
    encode: (value) => (isObject(value) ? codecOf(value).encode(value) : value),
    decode: (wire) => (isObject(wire) ? codecOf(wire).decode(wire) : wire),
  };
}

/** For recursive codecs: looked up when it is used, because it is not there yet when it is named. */
export function lazy(codec: () => WireCodec): WireCodec {
  return { encode: (value) => codec().encode(value), decode: (wire) => codec().decode(wire) };
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
