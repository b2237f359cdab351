import { keptClaims } from "../../core/kept-claims.ts";
import type {
  AttemptRecord,
  JobHistory,
  Note,
  NoteKind,
  Rejection,
  Settlement,
  StoredError,
} from "../../contract/index.ts";
import type { Connection } from "./connection.ts";
import * as statements from "./history-statements.ts";
import { refusal } from "./refusal.ts";
import { openSavepoint, releaseSavepoint } from "./statements.ts";
import { storable } from "./text.ts";

/* What is kept of a job's attempts, and what its handlers noted. Writers run inside an open transaction. */

/** Before the nack. A late one says better than the reaper what became of the attempt. */
export function recordFailure(connection: Connection, { id, fence }: Rejection, error: string, now: number): void {
  const { changes } = connection.run(statements.insertFailure, { id, fence, error, now });
  const seq = changes > 0 && fence > keptClaims && connection.get<Numbered>(statements.selectSeq, { id })?.seq;
  if (seq) forgetAttempts(connection, seq, fence);
}

interface Numbered {
  readonly seq: number;
}

/** After the reap. */
export function recordCrashes(
  connection: Connection,
  crashed: readonly { readonly seq: number; readonly fence: number }[],
  now: number,
): void {
  if (crashed.length === 0) return;
  connection.run(statements.insertCrashes, { seqs: JSON.stringify(crashed.map(({ seq }) => seq)), now });
  for (const { seq, fence } of crashed) if (fence > keptClaims) forgetAttempts(connection, seq, fence);
}

function forgetAttempts(connection: Connection, seq: number, newest: number): void {
  connection.run(statements.forgetAttempts, { seq, fence: newest - keptClaims });
}

export function keepNote(connection: Connection, note: Note): Settlement {
  const { id, fence, kind, key, text } = note;
  const row = connection.get<Numbered>(statements.selectLeased, { id, fence });
  if (!row) return refusal(connection, note);
  const statement = kind === "cursor" ? statements.moveNote : statements.keepNote;
  connection.run(statement, { seq: row.seq, kind, key: storable(key), text: storable(text) });
  return "ok";
}

/** What was done is to be done again. */
export function forgetProgress(connection: Connection, seq: number): void {
  connection.run(statements.forgetProgress, { seq });
}

export function deleteHistory(connection: Connection, seqs: string): void {
  connection.run(statements.deleteAttempts, { seqs });
  connection.run(statements.deleteNotes, { seqs });
}

export function historyOf(connection: Connection, id: string): JobHistory | undefined {
  // All of it as of one moment, whatever other processes write meanwhile.
  connection.run(openSavepoint, {});
  try {
    const row = connection.get<Numbered>(statements.selectSeq, { id });
    return row && readHistory(connection, row.seq);
  } finally {
    connection.run(releaseSavepoint, {});
  }
}

type AttemptRow = Omit<AttemptRecord, "error"> & { readonly error: string | null };

function readHistory(connection: Connection, seq: number): JobHistory {
  const rows = connection.all<AttemptRow>(statements.selectAttempts, { seq });
  const notes = connection.all<{ kind: NoteKind; key: string; text: string }>(statements.selectNotes, { seq });
  const ofKind = (sought: NoteKind) =>
    notes.filter(({ kind }) => kind === sought).map(({ key, text }) => ({ key, text }));
  return { attempts: rows.map(toAttempt), steps: ofKind("step"), cursors: ofKind("cursor"), logs: ofKind("log") };
}

function toAttempt({ error, ...attempt }: AttemptRow): AttemptRecord {
  // Written by this provider as JSON of a StoredError.
  return { ...attempt, error: error === null ? undefined : (JSON.parse(error) as StoredError) };
}
