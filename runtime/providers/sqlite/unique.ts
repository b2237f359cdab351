import { type EnqueueResult, isFinalState, type JobState, type NewJob, type UniqueKey } from "../../contract/index.ts";
import { holdsKey, type KeyHolder } from "../../core/unique.ts";
import type { Connection, Runner } from "./connection.ts";
import { waitAgain } from "./gates.ts";
import * as statements from "./unique-statements.ts";
import { changeJob } from "./statements.ts";
import { startOf } from "./start-of.ts";
import { ties } from "./ties.ts";

/* Who holds which unique key. */

export interface Holder {
  readonly seq: number;
  readonly id: string;
  readonly state: JobState;
  readonly runAt: number;
  readonly fence: number;
  readonly enqueuedAt: number;
  readonly gated: number;
}

type TakerRow = Holder & Pick<KeyHolder, "scope"> & { readonly heldUntil: number | null };

/** The job that holds a key now, if there is one. */
export function holderOf(runner: Runner, { key }: Pick<UniqueKey, "key">, now: number): Holder | undefined {
  const taker = runner.get<TakerRow>(statements.selectTaker, { key });
  return taker && holdsKey({ ...taker, heldUntil: taker.heldUntil ?? undefined }, now) ? taker : undefined;
}

/** A fresh job takes its key. */
export function rememberKey(runner: Runner, seq: number, { key, scope, forMs }: UniqueKey, now: number): void {
  const heldUntil = forMs === undefined ? null : now + forMs;
  runner.run(statements.insertUniqueJob, { seq, key, scope, heldUntil });
  runner.run(statements.takeKey, { key, seq });
}

/** Does what the job that came too late asks for. The state of one with gates is known after those were opened. */
export function meetHolder(
  runner: Runner,
  holder: Holder,
  job: NewJob,
  { onConflict, maxWaitMs = Number.POSITIVE_INFINITY }: UniqueKey,
  now: number,
): EnqueueResult {
  const { id, state } = holder;
  if (onConflict === "ignore" || holder.fence > 0 || isFinalState(state)) {
    return { id, outcome: "deduplicated", state, runAt: holder.runAt };
  }
  const runAt = Math.min(startOf(job, now), holder.enqueuedAt + maxWaitMs);
  const replaces = onConflict === "replace";
  const replaced = replaces ? { priority: job.priority, version: job.version } : { priority: null, version: null };
  runner.all(changeJob, { id, runAt, ...replaced, now });
  if (holder.gated & ties.gates) waitAgain(runner, holder.seq, false);
  if (replaces) runner.run(statements.replacePayload, { seq: holder.seq, payload: job.payload });
  return { id, outcome: replaces ? "replaced" : "extended", state: runAt > now ? "scheduled" : "ready", runAt };
}

/** A job that is to wait again, and its key if it has one. */
export interface RequeuedRow {
  readonly seq: number;
  readonly state: JobState;
  readonly fence: number;
  readonly gated: number;
  readonly key: string | null;
  readonly scope: KeyHolder["scope"] | null;
  readonly heldUntil: number | null;
}

/** A job that waits again holds its key again, as far as its scope and its window go; false if another one holds it. */
export function retakesKey(connection: Connection, row: RequeuedRow, now: number): boolean {
  const { seq, fence, key, scope } = row;
  if (key === null || scope === null) return true;
  if (!holdsKey({ state: "ready", fence, scope, heldUntil: row.heldUntil ?? undefined }, now)) return true;
  const holder = holderOf(connection, { key }, now);
  if (holder && holder.seq !== seq) return false;
  connection.run(statements.takeKey, { key, seq });
  return true;
}

/** A job that is deleted holds nothing. */
export function forgetKeys(connection: Connection, seqs: readonly number[]): void {
  connection.run(statements.forgetKeys, { seqs: JSON.stringify(seqs) });
  connection.run(statements.deleteUniqueJobs, { seqs: JSON.stringify(seqs) });
}
