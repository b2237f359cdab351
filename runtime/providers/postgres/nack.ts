import type { Rejection, Settlement } from "../../contract/index.ts";
import type { Run } from "./database.ts";
import type { ExpectedEnd } from "./edge-tables.ts";
import { aftermathOf, type EndedRoots, endWithEdges, joined, nothing, type Root } from "./needs.ts";
import { answers, type Batch, besideGates, leasesOf, nothingEnded, type Settled } from "./settle.ts";
import type { PgStatement } from "./sql.ts";
import { forget, type Store, timeOf } from "./store.ts";

/** The answer to a lease, or a queue whose jobs can be claimed again. */
type NackRow =
  | { readonly n: number; readonly answer: Settlement | "gated" | "needed"; readonly queue: null }
  | { readonly n: null; readonly answer: null; readonly queue: string };

export async function nackJobs(store: Store, items: readonly Rejection[]): Promise<Settled> {
  const leases = leasesOf(items, "first");
  const { batch } = leases;
  if (batch.length === 0) return { settlements: items.map(() => "stale"), after: nothing };
  const { nack, nackGated } = store.statements;
  const run: Run = (statement, values) => store.database.objects(statement, values);
  const hasGated = batch.some(([, { gated }]) => gated);
  const rows = await nackRows(run, store, hasGated ? nackGated : nack, batch);
  // Leases that do not say that they are gated, and are.
  const gated = leftIn(batch, rows, "gated");
  if (gated.length > 0) rows.push(...(await nackRows(run, store, nackGated, gated)));
  const needed = leftIn(batch, rows, "needed");
  const { answer, moved, locked } =
    needed.length === 0 ? noRows : await store.database.transact((step) => nackNeeded(step, store, needed));
  const all = [...rows, ...answer];
  const refused = all.flatMap(({ n, answer: one }) =>
    n === null || one === "gated" || one === "needed" ? [] : [[n, one] as const],
  );
  forget(store.claimed, items);
  const settlements = answers(items, leases, refused, "alreadyDone");
  const queues = all.flatMap(({ queue }) => (queue === null ? [] : [queue]));
  const after = joined(besideGates(items, settlements, new Map(), locked), aftermathOf(moved), { ...nothing, queues });
  return { settlements, after };
}

const noRows = { ...nothingEnded, answer: [] as readonly NackRow[] };

function leftIn(batch: Batch<Rejection>, rows: readonly NackRow[], why: "gated" | "needed"): Batch<Rejection> {
  const left = new Set(rows.flatMap(({ n, answer }) => (answer === why ? [n] : [])));
  return left.size === 0 ? [] : batch.filter(([n]) => left.has(n));
}

function nackRows(run: Run, store: Store, statement: PgStatement, batch: Batch<Rejection>): Promise<NackRow[]> {
  const rejections = JSON.stringify(batch.map(([n, rejection]) => rejectionRow(n, rejection)));
  return run<NackRow>(statement, { rejections, ...timeOf(store) });
}

const expectedEnds: Readonly<Partial<Record<Rejection["outcome"], ExpectedEnd>>> = {
  dead: "failed",
  skip: "passedOver",
};

function nackNeeded(run: Run, store: Store, batch: Batch<Rejection>): Promise<EndedRoots<readonly NackRow[]>> {
  const roots = batch.map(([, { id, outcome }]): Root => {
    const kind = expectedEnds[outcome];
    return kind ? { id, kind } : { id };
  });
  return endWithEdges(run, store, roots, () => nackRows(run, store, store.statements.nackNeeded, batch));
}

function rejectionRow(n: number, rejection: Rejection): unknown {
  const { id, fence } = rejection;
  // JSON escapes what the column cannot hold.
  const error = "error" in rejection ? { error: JSON.stringify(rejection.error) } : {};
  const common = { n, id, fence, ...error };
  switch (rejection.outcome) {
    case "retry":
      return { ...common, ...waitFor(rejection.delayMs), uncounted: 0 };
    case "snooze":
      return { ...common, ...waitFor(rejection.delayMs), uncounted: 1 };
    case "release":
      return { ...common, state: "ready", uncounted: 1 };
    case "dead":
      return { ...common, state: "dead", reason: rejection.reason, uncounted: 0 };
    case "skip":
      return { ...common, state: "skipped", reason: "condition", uncounted: 1 };
  }
}

function waitFor(delayMs: number): { readonly state: string; readonly delay_ms: number } {
  return { state: delayMs > 0 ? "scheduled" : "ready", delay_ms: Math.max(0, Math.ceil(delayMs)) };
}
