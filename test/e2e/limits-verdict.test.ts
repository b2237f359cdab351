import { describe, expect, it } from "vitest";
import { type Line, mostAtATime, mostInAWindow, outOfOrder } from "./limits-verdict.ts";

const line = (event: Line["event"], n: number, at: number, rest: Partial<Line> = {}): Line => ({
  event,
  job: "pool",
  id: `job ${n}`,
  fence: 1,
  key: "a",
  n,
  pid: 1,
  at,
  ...rest,
});
const nobody = { pid: 0, at: 0, leftMs: 0 };

describe("the verdict on limits", () => {
  it("counts what ran at the same time, in the order of the lines", () => {
    const lines = [
      line("start", 0, 5),
      line("end", 0, 9),
      line("start", 1, 9),
      line("start", 2, 9),
      line("failed", 1, 9),
    ];
    expect(mostAtATime(lines, nobody)).toBe(2);
  });

  it("counts an attempt whose worker was killed until its lease can be over", () => {
    const lines = [line("start", 0, 5), line("start", 1, 40, { pid: 2 }), line("end", 1, 41, { pid: 2 })];
    expect(mostAtATime(lines, { pid: 1, at: 20, leftMs: 30 })).toBe(2);
    expect(mostAtATime(lines, { pid: 1, at: 20, leftMs: 10 })).toBe(1);
  });

  it("names a start before the end of the one before, whatever its failures", () => {
    const early = line("start", 1, 3);
    expect(outOfOrder([line("start", 0, 1), line("failed", 0, 2), early])).toEqual([early]);
    expect(outOfOrder([line("start", 0, 1), line("end", 0, 2), early])).toEqual([]);
    expect(outOfOrder([line("start", 0, 1), line("end", 0, 2), { ...early, key: "b", n: 0 }])).toEqual([]);
  });

  it("names a start after a later one", () => {
    const late = line("start", 0, 4, { fence: 2 });
    const lines = [line("start", 0, 1), line("end", 0, 2), line("start", 1, 3), late];
    expect(outOfOrder(lines)).toEqual([late]);
  });

  it("counts the claims of any window, not of those that the clock begins", () => {
    const lines = [0, 900, 999, 1_000, 1_898, 1_899].map((at, n) => line("claim", n, at));
    expect(mostInAWindow(lines, 1_000)).toBe(5);
    expect(mostInAWindow(lines, 100)).toBe(2);
    expect(mostInAWindow([], 100)).toBe(0);
  });
});
