import { describe, expect, it } from "vitest";
import { type Duration, parseDuration } from "../../../runtime/core/duration.ts";

describe("parseDuration", () => {
  it.each([
    ["0ms", 0],
    ["1ms", 1],
    ["500ms", 500],
    ["1s", 1_000],
    ["1.5s", 1_500],
    ["0.25ms", 0],
    ["90m", 5_400_000],
    ["1.5h", 5_400_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    ["36500d", 3_153_600_000_000],
  ] satisfies [Duration, number][])("reads %s as %d ms", (duration, ms) => {
    expect(parseDuration(duration, "delay")).toBe(ms);
  });

  it.each([
    "",
    "5",
    "5 s",
    " 5s",
    "5s ",
    "5s\n",
    "-5s",
    "+5s",
    "5S",
    "5min",
    ".5s",
    "5.s",
    "1e3ms",
    "0x10s",
    "1_000ms",
    "NaNs",
    "Infinityms",
    "36501d",
    `${"9".repeat(400)}d`,
    5,
    5n,
    null,
    undefined,
    Number.NaN,
    ["5s"],
    {},
    Symbol("5s"),
    () => "5s",
  ])("refuses %o and names the option", (value) => {
    expect(() => parseDuration(value as Duration, "delay")).toThrow(
      expect.objectContaining({
        code: "JW_INVALID_OPTION",
        message: expect.stringMatching(/^delay is .* which is not a duration\.$/s),
        hint: expect.stringContaining("30s"),
      }),
    );
  });
});
