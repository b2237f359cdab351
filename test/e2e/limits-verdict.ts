import type { LimitedName } from "./limits-schema.ts";

/** Something that a worker wrote down when it happened. The lines stand in the order in which they were written. */
export interface Line {
  /** `failed`: the attempt ended, and the job goes on. */
  readonly event: "claim" | "start" | "end" | "failed";
  readonly job: LimitedName;
  readonly id: string;
  readonly fence: number;
  readonly key: string;
  readonly n: number;
  readonly pid: number;
  /** Ms since the epoch; of a claim by the store's clock. */
  readonly at: number;
}

/** A worker process that was killed. What it ran holds its places until the leases are over. */
export interface Kill {
  readonly pid: number;
  readonly at: number;
  /** Its leases last so long after its end at least, in ms. */
  readonly leftMs: number;
}

/** The most that ran at any moment. An attempt whose worker was killed counts until its lease can be over. */
export function mostAtATime(lines: readonly Line[], { pid, at, leftMs }: Kill): number {
  const running = new Map<string, Line>();
  let most = 0;
  for (const line of lines) {
    const attempt = `${line.id}/${line.fence}`;
    if (line.event === "start") {
      for (const [other, held] of running) if (held.pid === pid && line.at > at + leftMs) running.delete(other);
      running.set(attempt, line);
      most = Math.max(most, running.size);
    } else if (line.event !== "claim") running.delete(attempt);
  }
  return most;
}

/** Starts before an earlier job of the same key had ended, and those after a later one had begun. */
export function outOfOrder(lines: readonly Line[]): readonly Line[] {
  const ended = new Map<string, Set<number>>();
  const latest = new Map<string, number>();
  return lines.filter(({ event, key, n }) => {
    const done = ended.get(key) ?? new Set();
    ended.set(key, done);
    if (event === "end") done.add(n);
    if (event !== "start") return false;
    const newest = latest.get(key) ?? 0;
    latest.set(key, Math.max(newest, n));
    return (
      n < newest || done.size < n || Array.from({ length: n }, (_, earlier) => earlier).some((one) => !done.has(one))
    );
  });
}

/** The most that started in any stretch of time of this length. */
export function mostInAWindow(lines: readonly Line[], windowMs: number): number {
  const starts = lines.flatMap(({ event, at }) => (event === "claim" ? [at] : [])).sort((a, b) => a - b);
  return Math.max(0, ...starts.map((from) => starts.filter((at) => at >= from && at < from + windowMs).length));
}
