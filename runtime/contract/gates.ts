/**
 * What a gate holds back.
 *
 * - `order`: one job at a time from its enqueue to its end, in the order of insertion; a retry or a delay holds up the rest.
 * - `concurrency`: `limit` jobs that are admitted or run.
 * - `rate`: `limit` starts in any window of `windowMs`.
 * - `fair`: `limit` jobs that are admitted and have not started. One that is admitted gets the time of its admission as
 *   `runAt`, so that groups take turns however many jobs they have.
 */
export const gateKinds = ["order", "concurrency", "rate", "fair"] as const;

export type GateKind = (typeof gateKinds)[number];

/** What all gates of one kind and origin have in common, e.g. all keys of one job's concurrency limit. */
export interface Limit {
  /** Unique in the store, at most 512 bytes. */
  readonly policy: string;
  readonly kind: GateKind;
  /** ≥ 1; for `order` 1. */
  readonly limit: number;
  /** Only for `rate`, ≥ 1. */
  readonly windowMs?: number;
}

/**
 * One of the gates that a job has to pass before it is ready; until then it is `blocked`, outside of every index that a
 * claim looks at. Whoever has passed a gate is read off the jobs: there is no counter that could leak.
 */
export interface Gate extends Limit {
  /** The group of jobs that share the limit; unique in the store, at most 512 bytes. A key has one policy and one level. */
  readonly key: string;
  /** 0…7. A job passes its gates in the order of their levels, and has one gate per level at most. */
  readonly level: number;
}
