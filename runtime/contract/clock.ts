/** Where time comes from. Stores with a clock of their own (PostgreSQL, Redis) use it unless one is injected by a test. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
