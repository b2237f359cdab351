import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { pick, uniqueKeyOf } from "../../../runtime/core/unique-key.ts";

/** As it crosses the wire. */
const wireValue = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));

/** The same value, with the keys of every object in another order. */
function reordered(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(reordered);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reordered(inner)]),
  );
}

describe("the text of a unique key", () => {
  it("is the same for equal values, whatever the order of their keys", () => {
    fc.assert(
      fc.property(wireValue, (value) => {
        expect(uniqueKeyOf("job", reordered(value))).toBe(uniqueKeyOf("job", value));
      }),
    );
  });

  it("is different for different values, and for other jobs", () => {
    fc.assert(
      fc.property(wireValue, wireValue, (a, b) => {
        if (!isDeepStrictEqual(a, b)) expect(uniqueKeyOf("job", a)).not.toBe(uniqueKeyOf("job", b));
        expect(uniqueKeyOf("jobs", a)).not.toBe(uniqueKeyOf("job", a));
      }),
    );
  });

  it("fits into every store, and can be read if it is short", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2_000 }), (value) => {
        expect(Buffer.byteLength(uniqueKeyOf("j".repeat(100), value) ?? "")).toBeLessThanOrEqual(512);
      }),
    );
    expect(uniqueKeyOf("sync", ["a", { id: 1 }])).toBe('sync:["a",{"id":1}]');
    expect(uniqueKeyOf("sync", "x".repeat(199))).toMatch(/^sync#[\w-]{43}$/);
  });

  it("tells a bigint from its digits, and takes a date for its ISO text", () => {
    expect(uniqueKeyOf("job", 5n)).not.toBe(uniqueKeyOf("job", 5));
    expect(uniqueKeyOf("job", 5n)).not.toBe(uniqueKeyOf("job", "5n"));
    expect(uniqueKeyOf("job", new Date(0))).toBe(uniqueKeyOf("job", "1970-01-01T00:00:00.000Z"));
  });

  it("takes a field that is undefined for one that is not there", () => {
    expect(uniqueKeyOf("job", { a: 1, b: undefined })).toBe(uniqueKeyOf("job", { a: 1 }));
    expect(uniqueKeyOf("job", undefined)).toBeUndefined();
  });

  it("is made of what stands at the paths; what is not there is null, and nothing is inherited", () => {
    const wire = { a: { b: [1], c: null }, d: "text" };
    expect(pick(wire, ["a.b", "a.c", "a.x", "d", "d.length", "a.b.0", "toString", "__proto__.a"])).toEqual([
      [1],
      null,
      null,
      "text",
      null,
      null,
      null,
      null,
    ]);
  });
});
