import type { JobHistory, StoredError } from "../../contract/index.ts";
import { keptClaims } from "../../core/kept-claims.ts";
import { situationOf } from "../../core/transitions.ts";
import type { Row } from "./row.ts";
import type { MemoryStore } from "./store.ts";

/** Before the transition that ends the attempt. A late settlement says better than the reaper what became of it. */
export function recordAttempt(row: Row, now: number, error: StoredError | undefined): void {
  const { fence, workerId, startedAt = now } = row;
  // A reaped attempt was given back.
  const attempt = situationOf(row) === "lapsed" ? row.attempt + 1 : row.attempt;
  row.attempts.set(fence, { fence, attempt, startedAt, endedAt: now, workerId, error });
  for (const known of row.attempts.keys()) if (known <= fence - keptClaims) row.attempts.delete(known);
}

export function historyOf(store: MemoryStore, id: string): JobHistory | undefined {
  const row = store.rows.get(id);
  if (!row) return undefined;
  const attempts = [...row.attempts.values()].sort((a, b) => a.fence - b.fence);
  const { step, cursor, log } = row.notes;
  return { attempts, steps: [...step.values()], cursors: [...cursor.values()], logs: [...log.values()] };
}
