import type { Clock } from "../contract/index.ts";

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Moves the clock forward by `ms`. */
  advance(ms: number): void;
  /** Moves the clock to a point in time, ms since the epoch; backwards too, as real clocks sometimes do. */
  set(ms: number): void;
}

/** Starts at `startMs`, ms since the epoch; default: 2026-01-01T00:00Z. */
export function createFakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let current = startMs;
  return {
    now: () => current,
    advance(ms) {
      current += ms;
    },
    set(ms) {
      current = ms;
    },
  };
}
