import fc from "fast-check";
import { expect, test } from "vitest";
import { packId, unpackId } from "../../../runtime/providers/redis/ids.ts";

test("a UUID is kept as its bytes in base64url", () => {
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      expect(packId(id)).toBe(Buffer.from(id.replaceAll("-", ""), "hex").toString("base64url"));
      expect(unpackId(packId(id))).toBe(id);
    }),
  );
});

test("one that was cut short in the store has nothing of the id before it", () => {
  expect(unpackId(packId("ffffffff-ffff-7fff-bfff-ffffffffffff"))).toMatch(/^ffffffff/);
  expect(unpackId("")).toBe("00000000-0000-0000-0000-000000000000");
});

test("any other text is kept as it is, and never for a UUID", () => {
  const almost = fc.uuid().chain((id) => fc.constantFrom(id.toUpperCase(), `${id}0`, id.slice(1), id.replace("-", "")));
  fc.assert(
    fc.property(fc.oneof(fc.string(), almost), (id) => {
      expect(unpackId(packId(id))).toBe(id);
      expect(packId(id).startsWith("=")).toBe(!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(id));
    }),
  );
});
