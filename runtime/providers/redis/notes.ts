import type {
  AttemptRecord,
  JobHistory,
  Note,
  NoteKind,
  Settlement,
  StoredError,
  StoredNote,
} from "../../contract/index.ts";
import { inBatches } from "./deliver.ts";
import { packId } from "./ids.ts";
import type { Int } from "./record.ts";
import * as scripts from "./scripts/notes.ts";
import type { RunScript } from "./store.ts";
import { storable } from "./text.ts";

/* What is kept beside a job. What a script replies stands in its header. */

const letters: Readonly<Record<NoteKind, string>> = { step: "s", cursor: "c", log: "l" };

export function keepNotes(run: RunScript, notes: readonly Note[]): Promise<readonly Settlement[]> {
  return inBatches(notes, (batch) =>
    run(
      scripts.note,
      batch.flatMap(({ id, fence, kind, key, text }) => [
        packId(id),
        fence,
        letters[kind],
        storable(key),
        storable(text),
      ]),
    ),
  );
}

type AttemptRow = readonly [
  fence: Int,
  attempt: Int,
  startedAt: string,
  endedAt: string,
  workerId: string,
  error: string | null,
];
type NoteRow = readonly [field: string, place: Int, text: string];
type HistoryReply = readonly [attempts: readonly AttemptRow[], notes: readonly NoteRow[]];

export async function historyOf(run: RunScript, id: string): Promise<JobHistory | undefined> {
  const reply = (await run(scripts.history, [packId(id)])) as HistoryReply | null;
  if (reply === null) return undefined;
  const [attempts, rows] = reply;
  const notes = rows.toSorted((a, b) => Number(a[1]) - Number(b[1]));
  return {
    attempts: attempts.map(attemptOf).sort((a, b) => a.fence - b.fence),
    steps: notesOf(notes, "step"),
    cursors: notesOf(notes, "cursor"),
    logs: notesOf(notes, "log"),
  };
}

function attemptOf([fence, attempt, startedAt, endedAt, workerId, error]: AttemptRow): AttemptRecord {
  return {
    fence: Number(fence),
    attempt: Number(attempt),
    startedAt: Number(startedAt),
    endedAt: Number(endedAt),
    workerId,
    error: error === null ? undefined : (JSON.parse(error) as StoredError), // written by `deliver.ts`
  };
}

function notesOf(rows: readonly NoteRow[], kind: NoteKind): readonly StoredNote[] {
  return rows
    .filter(([field]) => field.startsWith(letters[kind]))
    .map(([field, , text]) => ({ key: field.slice(1), text }));
}
