import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactIssues, redactText } from "../../../runtime/core/redaction.ts";

const canary = "4111-1111";

/** An object with the canary at every place that a path of two steps leads to. */
const shaped = fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.constant(canary)));

describe("redactText", () => {
  it("leaves nothing of a sensitive value, whatever stands around it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), shaped, (rest, around) => {
        const text = JSON.stringify({ rest, card: { ...around, number: canary }, list: [{ token: canary }, canary] });
        const shown = redactText(text, ["card", "list.*.token", "rest"]);
        expect(shown).not.toContain(canary);
        expect(JSON.parse(shown)).toEqual({
          rest: rest === null ? null : "[redacted]",
          card: "[redacted]",
          list: [{ token: "[redacted]" }, "[redacted]"],
        });
      }),
    );
  });

  it("leaves all other values as they are", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify({ a: value, secret: 1 });
        expect(JSON.parse(redactText(text, ["secret", "b.c"]))).toEqual(
          JSON.parse(text.replace(/1}$/, '"[redacted]"}')),
        );
      }),
    );
  });

  it.each([
    ['{"a":1}', [""], '"[redacted]"'],
    ["not JSON", ["a"], '"[redacted]"'],
    ['{"a":"b"}', ["a.b"], '{"a":"[redacted]"}'],
    ['{"a":null}', ["a.b"], '{"a":null}'],
    ['[["k",{"t":1,"u":2}]]', ["*.1.t"], '[["k",{"t":"[redacted]","u":2}]]'],
    ["[1,2,3]", ["1"], '[1,"[redacted]",3]'],
    ['{"__proto__":{"a":1},"b":2}', ["__proto__.a"], '{"__proto__":{"a":"[redacted]"},"b":2}'],
  ])("of %s at %j is %s", (text, paths, expected) => expect(redactText(text, paths)).toBe(expected));

  it("of a value that is nested too deeply to look into is the mask", () => {
    expect(redactText("[".repeat(200_000) + "]".repeat(200_000), ["*.a"])).toMatch(/redacted/);
  });
});

describe("redactIssues", () => {
  const issue = (...path: PropertyKey[]) => ({ path, message: `bad ${canary}`, code: "custom" });
  const hidden = (...path: PropertyKey[]) => ({ path, message: "[redacted] (custom)", code: "custom" });

  it.each([
    ["at a sensitive value", [issue("card", "number")], [hidden("card", "number")]],
    ["inside of one", [issue("card", "number", 3)], [hidden("card", "number")]],
    ["above one", [issue("card"), issue()], [hidden("card"), hidden()]],
    ["beside one", [issue("card", "owner")], [issue("card", "owner")]],
    ["in a list of them", [issue("list", 3, "token")], [hidden("list")]],
    ["in a map whose keys are of any kind", [issue("list", canary)], [hidden("list")]],
  ])("of an issue %s hides what it must", (_, issues, expected) => {
    expect(redactIssues(issues, ["card.number", "list.*.1"])).toEqual(expected);
  });

  it("knows where the value stands", () => {
    expect(redactIssues([issue("reply"), issue("code")], ["Declined.reply"], ["Declined"])).toEqual([
      hidden("reply"),
      issue("code"),
    ]);
    expect(redactIssues([issue("reply")], ["Declined.reply"], ["Late"])).toEqual([issue("reply")]);
  });
});
