import type { AttemptRecord, JobHistory, Note, NoteKind, Settlement, StoredError } from "../../contract/index.ts";
import { answers, leasesOf, type Refusal } from "./settle.ts";
import type { Store } from "./store.ts";
import { escaped, isStorableId, unescaped } from "./values.ts";

/** What is kept beside a job: checkpoints, log lines, and the attempts that failed. */

export async function keepNotes(store: Store, items: readonly Note[]): Promise<readonly Settlement[]> {
  const leases = leasesOf(items, "first");
  if (leases.batch.length === 0) return items.map(() => "stale");
  const refused = await store.database.rows<Refusal>(store.statements.note, {
    leases: JSON.stringify(leases.batch.map(([n, { id, fence }]) => ({ n, id, fence }))),
    notes: JSON.stringify(noteRows(items)),
  });
  return answers(items, leases, refused, "ok");
}

/** One statement writes each note once: the first of its key, or of a cursor the last in the place of the first. */
function noteRows(items: readonly Note[]): readonly unknown[] {
  const rows = new Map<string, object>();
  for (const [n, { id, fence, kind, key, text }] of items.entries()) {
    if (!isStorableId(id)) continue;
    const name = JSON.stringify([id, fence, kind, key]);
    const first = rows.get(name);
    if (!first) rows.set(name, { n, id, fence, kind, key: escaped(key), text: escaped(text) });
    else if (kind === "cursor") rows.set(name, { ...first, text: escaped(text) });
  }
  return [...rows.values()];
}

type AttemptRow = readonly [
  fence: number,
  attempt: number,
  startedAt: number,
  endedAt: number,
  workerId: string,
  error: string | null,
];
type NoteRow = readonly [kind: NoteKind, key: string, text: string];

export async function historyOf({ database, statements }: Store, id: string): Promise<JobHistory | undefined> {
  if (!isStorableId(id)) return undefined;
  type Row = readonly [attempts: string | null, notes: string | null];
  const [row] = await database.rows<Row>(statements.history, { id });
  if (!row) return undefined;
  // What the statement builds.
  const attempts = JSON.parse(row[0] ?? "[]") as readonly AttemptRow[];
  const notes = JSON.parse(row[1] ?? "[]") as readonly NoteRow[];
  const among = (kind: NoteKind) =>
    notes.flatMap(([of, key, text]) => (of === kind ? [{ key: unescaped(key), text: unescaped(text) }] : []));
  return {
    attempts: attempts.map(attemptOf),
    steps: among("step"),
    cursors: among("cursor"),
    logs: among("log"),
  };
}

function attemptOf([fence, attempt, startedAt, endedAt, workerId, error]: AttemptRow): AttemptRecord {
  // Written by a nack as JSON of a StoredError.
  const parsed = error === null ? undefined : (JSON.parse(error) as StoredError);
  return { fence, attempt, startedAt, endedAt, workerId, error: parsed };
}
