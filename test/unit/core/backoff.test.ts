import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Backoff, backoffDelayMs, type Jitter } from "../../../runtime/core/backoff.ts";

const ms = fc.integer({ min: 0, max: 10 ** 9 });
const attempts = fc.integer({ min: 1, max: 10_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function backoffs(jitter: fc.Arbitrary<Jitter>): fc.Arbitrary<Backoff> {
  return fc.oneof(
    fc.record({ kind: fc.constant("fixed" as const), delayMs: ms, jitter }),
    fc.record({
      kind: fc.constant("exponential" as const),
      delayMs: ms,
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
      maxMs: ms,
      jitter,
    }),
    fc.record({
      kind: fc.constant("polynomial" as const),
      delayMs: ms,
      exponent: fc.double({ min: 0, max: 200, noNaN: true }),
      maxMs: ms,
      jitter,
    }),
    fc.record({ kind: fc.constant("list" as const), delaysMs: fc.array(ms, { maxLength: 5 }), jitter }),
  );
}

function capOf(backoff: Backoff): number {
  switch (backoff.kind) {
    case "fixed":
      return backoff.delayMs;
    case "list":
      return Math.max(0, ...backoff.delaysMs);
    default:
      return backoff.maxMs;
  }
}

const anyJitter = fc.constantFrom<Jitter>("none", "equal", "full");
const plain = (backoff: Backoff, attempt: number): number =>
  backoffDelayMs({ ...backoff, jitter: "none" }, attempt, () => 0);

describe("backoffDelayMs", () => {
  it("is a whole number from 0 to the cap, whatever the attempt and the draw", () => {
    fc.assert(
      fc.property(backoffs(anyJitter), attempts, random, (backoff, attempt, draw) => {
        const delayMs = backoffDelayMs(backoff, attempt, () => draw);
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(capOf(backoff));
      }),
    );
  });

  it("never shrinks from one attempt to the next while it follows a formula", () => {
    fc.assert(
      fc.property(backoffs(fc.constant("none")), fc.integer({ min: 1, max: 9_999 }), (backoff, attempt) => {
        fc.pre(backoff.kind !== "list");
        expect(plain(backoff, attempt + 1)).toBeGreaterThanOrEqual(plain(backoff, attempt));
      }),
    );
  });

  it("keeps equal jitter in the upper half of the delay", () => {
    fc.assert(
      fc.property(backoffs(fc.constant("equal")), attempts, random, (backoff, attempt, draw) => {
        const whole = plain(backoff, attempt);
        const delayMs = backoffDelayMs(backoff, attempt, () => draw);
        expect(delayMs).toBeGreaterThanOrEqual(Math.floor(whole / 2));
        expect(delayMs).toBeLessThanOrEqual(whole);
      }),
    );
  });

  it("spreads full jitter from 0 to the delay", () => {
    const backoff: Backoff = { kind: "fixed", delayMs: 1_000, jitter: "full" };
    expect(backoffDelayMs(backoff, 1, () => 0)).toBe(0);
    expect(backoffDelayMs(backoff, 1, () => 0.25)).toBe(250);
    expect(backoffDelayMs(backoff, 1, () => 1 - Number.EPSILON)).toBe(1_000);
  });

  it("stays at the cap for attempt 10,000, where the power has overflowed", () => {
    const exponential: Backoff = { kind: "exponential", delayMs: 1_000, factor: 2, maxMs: 3_600_000, jitter: "none" };
    expect(backoffDelayMs(exponential, 10_000, Math.random)).toBe(3_600_000);
  });

  it("is 0 for a base of 0, also when the power has overflowed", () => {
    const exponential: Backoff = { kind: "exponential", delayMs: 0, factor: 2, maxMs: 60_000, jitter: "none" };
    expect(backoffDelayMs(exponential, 10_000, Math.random)).toBe(0);
  });

  it.each([
    [{ kind: "exponential", delayMs: 100, factor: 3, maxMs: 5_000, jitter: "none" }, [100, 300, 900, 2_700, 5_000]],
    [{ kind: "polynomial", delayMs: 100, exponent: 2, maxMs: 2_000, jitter: "none" }, [100, 400, 900, 1_600, 2_000]],
    [{ kind: "list", delaysMs: [10, 200, 30], jitter: "none" }, [10, 200, 30, 30, 30]],
    [{ kind: "list", delaysMs: [], jitter: "none" }, [0, 0]],
  ] satisfies [Backoff, number[]][])("follows %j", (backoff, expected) => {
    expect(expected.map((_, index) => backoffDelayMs(backoff, index + 1, Math.random))).toEqual(expected);
  });
});
