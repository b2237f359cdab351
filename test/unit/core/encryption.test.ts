import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JobwrightError } from "../../../runtime/contract/index.ts";
import {
  createCipher,
  createEncryptionKey,
  type EncryptionOptions,
  isSealed,
  type TextPlace,
} from "../../../runtime/core/encryption.ts";

const [old, young] = [createEncryptionKey(), createEncryptionKey()];
const one: EncryptionOptions = { keys: { "2026-10": old }, current: "2026-10" };
const place: TextPlace = { job: "pay", kind: "input", id: "0193b3c4-7d5e-7000-8000-000000000001" };

/** The code of the error; undefined if there is none. */
function refusal(body: () => unknown): string | undefined {
  try {
    body();
    return undefined;
  } catch (error) {
    if (JobwrightError.is(error)) return error.code;
    throw error;
  }
}

describe("an encrypted text", () => {
  it("is what it was when it is opened in its place, and shows nothing of it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 8 }), fc.boolean(), (text, bound) => {
        const cipher = createCipher(one);
        const sealed = cipher.seal(text, place, bound);
        expect(isSealed(sealed)).toBe(true);
        expect(cipher.open(sealed, place)).toBe(text.toWellFormed());
        expect(sealed.slice(sealed.lastIndexOf(":"))).not.toContain(text);
      }),
    );
  });

  it("is another one every time", () => {
    const cipher = createCipher(one);
    expect(cipher.seal("a", place)).not.toBe(cipher.seal("a", place));
  });

  it("does not open when any one of its characters is another", () => {
    const cipher = createCipher({ keys: { k: old }, current: "k" });
    const sealed = cipher.seal('{"iban":"DE89"}', place);
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:=";
    for (let index = 0; index < sealed.length; index++) {
      for (const letter of letters) {
        if (letter === sealed[index]) continue;
        const changed = sealed.slice(0, index) + letter + sealed.slice(index + 1);
        expect(
          refusal(() => cipher.open(changed, place)),
          `${letter} at ${index}`,
        ).toBeDefined();
      }
    }
    for (const changed of [`${sealed}A`, sealed.slice(0, -1), `${sealed}=`, "enc1:", "enc1:k:j:AAAA"]) {
      expect(
        refusal(() => cipher.open(changed, place)),
        changed,
      ).toBe("JW_INVALID_PAYLOAD");
    }
  });

  it.each([
    ["another job", { id: "0193b3c4-7d5e-7000-8000-000000000002" }],
    ["another definition", { job: "refund" }],
    ["another field", { kind: "output" }],
  ] as const)("does not open as that of %s", (_, other) => {
    const cipher = createCipher(one);
    const code = "kind" in other ? "JW_INVALID_OUTPUT" : "JW_INVALID_PAYLOAD";
    expect(refusal(() => cipher.open(cipher.seal("a", place), { ...place, ...other }))).toBe(code);
  });

  it("that is not bound to its job opens in any of the definition, and cannot be made from one that is", () => {
    const cipher = createCipher(one);
    const other = { ...place, id: "0193b3c4-7d5e-7000-8000-000000000002" };
    expect(cipher.open(cipher.seal("a", place, false), other)).toBe("a");
    expect(refusal(() => cipher.open(cipher.seal("a", place, false), { ...other, job: "refund" }))).toBeDefined();
    expect(refusal(() => cipher.open(cipher.seal("a", place).replace(":j:", ":d:"), other))).toBe("JW_INVALID_PAYLOAD");
  });
});

describe("a rotation of keys", () => {
  const rotated: EncryptionOptions = { keys: { "2026-10": old, "2027-01": young }, current: "2027-01" };

  it("leaves old texts readable, and new ones are of the new key", () => {
    const [before, after] = [createCipher(one), createCipher(rotated)];
    expect(after.open(before.seal("a", place), place)).toBe("a");
    expect(after.seal("a", place)).toMatch(/^enc1:2027-01:j:/);
  });

  it("makes texts unreadable, and not damaged, for those who lack the new key", () => {
    const sealed = createCipher(rotated).seal("a", place);
    expect(refusal(() => createCipher(one).open(sealed, place))).toBe("JW_ENCRYPTION_KEY");
  });

  it("changes no unique key until the oldest key goes, unless another one is named", () => {
    const hash = (options: EncryptionOptions): string => createCipher(options).hash("pay", "[1]");
    expect(hash(rotated)).toBe(hash(one));
    const { "2026-10": _, ...rest } = rotated.keys;
    expect(hash({ ...rotated, keys: rest })).not.toBe(hash(one));
    expect(hash({ ...rotated, uniqueKeys: "2027-01" })).toBe(hash({ ...rotated, keys: rest }));
  });
});

describe("keys", () => {
  it("are bytes or base64 text", () => {
    const bytes = randomBytes(32);
    const [a, b, c] = [bytes, bytes.toString("base64"), bytes.toString("base64url")].map((key) =>
      createCipher({ keys: { key }, current: "key" }),
    );
    const sealed = a?.seal("a", place) ?? "";
    expect([b?.open(sealed, place), c?.open(sealed, place)]).toEqual(["a", "a"]);
  });

  it.each<[string, unknown]>([
    ["31 bytes", { keys: { a: randomBytes(31) }, current: "a" }],
    ["hexadecimal text", { keys: { a: randomBytes(32).toString("hex") }, current: "a" }],
    ["a passphrase", { keys: { a: "correct horse battery staple" }, current: "a" }],
    ["no key", { keys: { a: undefined }, current: "a" }],
    ["no keys", { current: "a" }],
    ["an id with a colon", { keys: { "a:b": old }, current: "a:b" }],
    ["an unknown current key", { keys: { a: old }, current: "b" }],
    ["an unknown key for unique keys", { keys: { a: old }, current: "a", uniqueKeys: "b" }],
    ["another rule for texts in clear", { keys: { a: old }, current: "a", plain: "maybe" }],
  ])("that are %s are refused, and not quoted", (_, options) => {
    let message = "";
    try {
      createCipher(options as EncryptionOptions); // what plain JavaScript may hand over
    } catch (error) {
      message = String(error);
      expect(error).toMatchObject({ code: "JW_INVALID_OPTION" });
    }
    expect(message).toMatch(/encryption\./);
    expect(message).not.toContain("horse");
  });
});
