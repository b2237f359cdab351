import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openEnvelope, sealEnvelope, settingsOf } from "../../../runtime/core/envelope.ts";

const count = fc.integer({ min: 1 });
const settings = fc.record(
  {
    expireAfterMs: count,
    timeoutMs: count,
    maxAttempts: count,
    metadata: fc
      .dictionary(fc.string(), fc.string({ unit: "binary" }))
      .map((texts): Record<string, string> => Object.fromEntries(Object.entries(texts))),
    tags: fc.array(fc.string({ unit: "binary" })),
  },
  { requiredKeys: [] },
);

describe("the envelope of a job with settings of its own", () => {
  it("gives back what was put in", () => {
    fc.assert(
      fc.property(fc.json(), settings, (payload, given) => {
        const text = sealEnvelope(payload, given);
        const isBare = Object.keys(given).length === 0;
        expect(openEnvelope(text)).toEqual({ payload, settings: isBare ? undefined : given });
        if (isBare) expect(text).toBe(payload);
      }),
    );
  });

  it.each([
    "~",
    "~{}",
    "~{\n{}",
    "~null\n{}",
    "~[]\n{}",
    "~5\n{}",
    '~{"timeoutMs":"1"}\n{}',
    '~{"timeoutMs":0}\n{}',
    '~{"maxAttempts":null}\n{}',
    '~{"expireAfterMs":-1}\n{}',
    '~{"metadata":[]}\n{}',
    '~{"tags":"a"}\n{}',
    '~{"tags":[1]}\n{}',
    '~{"metadata":{"a":1}}\n{}',
  ])("is refused if it is broken: %j", (text) => {
    expect(() => openEnvelope(text)).toThrow(SyntaxError);
    expect(settingsOf(text)).toBeUndefined();
  });
});
