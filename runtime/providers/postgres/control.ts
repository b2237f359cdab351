import type {
  CancelOutcome,
  ChangeOutcome,
  CompleteOutcome,
  JobChange,
  JobState,
  OutsideCompletion,
  Paused,
  PauseTarget,
} from "../../contract/index.ts";
import type { Run } from "./database.ts";
import type { ExpectedEnd } from "./edge-tables.ts";
import { type Aftermath, aftermathOf, endWithEdges, joined, nothing } from "./needs.ts";
import { type Store, timeOf } from "./store.ts";
import { isStorableId, storable } from "./values.ts";

/* The operator verbs. */

const waitingStates: ReadonlySet<JobState> = new Set(["scheduled", "ready", "blocked"]);

/** What became of the jobs of a call, and whom to tell. */
export interface Done<Outcome> {
  readonly outcomes: readonly Outcome[];
  readonly after: Aftermath;
}

function nothingDone(items: readonly unknown[]): Done<"notFound"> {
  return { outcomes: items.map(() => "notFound"), after: nothing };
}

/** The state that a job was in, and whether it was left alone because others need it. */
interface Met {
  readonly id: string;
  readonly state: JobState;
  readonly gated: boolean;
  readonly spared: boolean;
}

interface Ended {
  readonly states: ReadonlyMap<string, JobState>;
  readonly after: Aftermath;
}

/** Jobs that nobody needs in one statement, then the others. `end`: ends those of the ids; with `needed`, all of them. */
async function endWaiting(
  store: Store,
  ids: readonly string[],
  kind: ExpectedEnd,
  end: (run: Run, ids: readonly string[], needed: boolean) => Promise<readonly Met[]>,
): Promise<Ended> {
  const { database } = store;
  const rows = await end((statement, values) => database.objects(statement, values), ids, false);
  const left = rows.flatMap((row) => (row.spared ? [row.id] : []));
  const states = new Map(rows.map(({ id, state }) => [id, state]));
  const gated = rows.flatMap((row) => (row.gated ? [row.id] : []));
  const after: Aftermath = { queues: [], settled: [], gated };
  if (left.length === 0) return { states, after };
  const roots = left.map((id) => ({ id, kind }));
  const { answer, moved } = await database.transact((run) =>
    endWithEdges(run, store, roots, () => end(run, left, true)),
  );
  for (const { id, state } of answer) states.set(id, state);
  return { states, after: joined(after, aftermathOf(moved)) };
}

/** A job given twice meets what its first mention left. */
export async function cancelJobs(
  store: Store,
  items: readonly { readonly id: string }[],
): Promise<Done<CancelOutcome>> {
  const known = [...new Set(items.map(({ id }) => id))].filter(isStorableId);
  if (known.length === 0) return nothingDone(items);
  const { cancel, cancelNeeded } = store.statements;
  const { states, after } = await endWaiting(store, known, "failed", (run, some, needed) =>
    run<Met>(needed ? cancelNeeded : cancel, { ids: some, ...timeOf(store) }),
  );
  const seen = new Set<string>();
  const outcomes = items.map(({ id }): CancelOutcome => {
    const state = states.get(id);
    if (state === undefined) return "notFound";
    if (state === "running") return "requested";
    const again = seen.has(id);
    seen.add(id);
    return waitingStates.has(state) && !again ? "cancelled" : "alreadyDone";
  });
  return { outcomes, after };
}

/** The first completion of a job counts. */
export async function completeJobs(store: Store, items: readonly OutsideCompletion[]): Promise<Done<CompleteOutcome>> {
  const byId = new Map(items.toReversed().map((item) => [item.id, item]));
  const known = [...byId.keys()].filter(isStorableId);
  if (known.length === 0) return nothingDone(items);
  const { complete, completeNeeded } = store.statements;
  const { states, after } = await endWaiting(store, known, "succeeded", (run, some, needed) => {
    const rows = some.map((id) => completionRow(id, byId.get(id)?.output));
    return run<Met>(needed ? completeNeeded : complete, { completions: JSON.stringify(rows), ...timeOf(store) });
  });
  const outcomes = items.map((item): CompleteOutcome => {
    const state = states.get(item.id);
    if (state === undefined) return "notFound";
    return waitingStates.has(state) && byId.get(item.id) === item ? "completed" : "notWaiting";
  });
  return { outcomes, after };
}

function completionRow(id: string, output: string | undefined): object {
  return { id, ...(output !== undefined && { output: storable(output, "An output") }) };
}

export async function changeJobs(store: Store, changes: readonly JobChange[]): Promise<Done<ChangeOutcome>> {
  const rows = changeRows(changes);
  if (rows.length === 0) return nothingDone(changes);
  type Row = readonly [id: string, state: JobState, gated: boolean, queue: string | null];
  const found = await store.database.rows<Row>(store.statements.change, {
    changes: JSON.stringify(rows),
    ...timeOf(store),
  });
  const states = new Map(found.map(([id, state]) => [id, state]));
  const outcomes = changes.map(({ id }): ChangeOutcome => {
    const state = states.get(id);
    if (state === undefined) return "notFound";
    return waitingStates.has(state) ? "changed" : "notWaiting";
  });
  const queues = new Set(found.flatMap(([, , , queue]) => (queue === null ? [] : [queue])));
  const gated = found.flatMap(([id, , isGated]) => (isGated ? [id] : []));
  return { outcomes, after: { queues, gated, settled: [] } };
}

/** Each job once: of several changes of one job, what each of them says counts until a later one says otherwise. */
function changeRows(changes: readonly JobChange[]): readonly unknown[] {
  const rows = new Map<string, object>();
  for (const { id, runAt, delayMs, priority } of changes) {
    if (!isStorableId(id)) continue;
    const timed = runAt !== undefined || delayMs !== undefined;
    const time = runAt === undefined ? { run_at: null, delay: Math.ceil(delayMs ?? 0) } : { run_at: Math.ceil(runAt) };
    rows.set(id, { ...rows.get(id), id, ...(timed && time), ...(priority !== undefined && { priority }) });
  }
  return [...rows.values()];
}

export async function pause(store: Store, target: PauseTarget): Promise<void> {
  const { database, statements } = store;
  const statement = "queue" in target ? statements.pauseQueue : statements.pauseName;
  await database.rows(statement, { name: nameOf(target), ...timeOf(store) });
}

/** Queues with jobs that can be claimed again, and perhaps more. */
export async function resume({ database, statements }: Store, target: PauseTarget): Promise<readonly string[]> {
  const name = nameOf(target);
  await database.rows("queue" in target ? statements.resumeQueue : statements.resumeName, { name });
  if ("queue" in target) return [name];
  return (await database.rows<readonly [queue: string]>(statements.readyQueues, {})).map(([queue]) => queue);
}

function nameOf(target: PauseTarget): string {
  return "queue" in target ? storable(target.queue, "A queue's name") : storable(target.name, "A job's name");
}

export async function paused({ database, statements }: Store): Promise<Paused> {
  const rows = await database.rows<readonly [kind: "queue" | "name", name: string]>(statements.paused, {});
  // Here, by code unit: the database's collation may be any.
  const among = (kind: string): string[] => rows.flatMap((row) => (row[0] === kind ? [row[1]] : [])).sort();
  return { queues: among("queue"), names: among("name") };
}
