/** The success of a job that nobody has claimed, from outside. */
export interface OutsideCompletion {
  readonly id: string;
  /** Opaque text, or absent if the job has no output. */
  readonly output?: string;
}

/** `notWaiting`: the job runs, or has ended; nothing was changed. */
export type CompleteOutcome = "completed" | "notWaiting" | "notFound";

/** `cancelled`: no attempt starts any more. `requested`: it runs; its signal is aborted at the next heartbeat. */
export type CancelOutcome = "cancelled" | "requested" | "alreadyDone" | "notFound";

/**
 * `alreadyWaiting`: the job is not final, so it will run without help. `deduplicated`: another job holds its unique key.
 */
export type RequeueOutcome = "requeued" | "alreadyWaiting" | "deduplicated" | "notFound";

/** What is to become of a waiting job. What is left out stays. */
export interface JobChange {
  readonly id: string;
  /** Absolute time in ms since the epoch, by the provider's clock; wins over `delayMs`. */
  readonly runAt?: number;
  /** Relative to the provider's clock at the moment of the call. */
  readonly delayMs?: number;
  /** −32,768…32,767. */
  readonly priority?: number;
}

/** `notWaiting`: the job runs, or has ended; nothing was changed. */
export type ChangeOutcome = "changed" | "notWaiting" | "notFound";

/** What can be paused: all jobs of a queue, or all of one definition. */
export type PauseTarget = { readonly queue: string } | { readonly name: string };

/** Sorted. */
export interface Paused {
  readonly queues: readonly string[];
  readonly names: readonly string[];
}
