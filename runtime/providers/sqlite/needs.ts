import { type EdgeStatus, type EnqueueResult, type Needs, type NewJob } from "../../contract/index.ts";
import { type Verdict, verdict } from "../../core/needs.ts";
import { batchClosed, noPrerequisite } from "../../core/refused-needs.ts";
import type { Runner } from "./connection.ts";
import { waitAgain } from "./gates.ts";
import * as statements from "./need-statements.ts";
import { ties } from "./ties.ts";

/* Who waits for whose end, inside one open write transaction. */

export function hasEdges({ needs, neededBy }: NewJob): boolean {
  return needs !== undefined || neededBy !== undefined;
}

/** Before anything is written: whether all that these jobs need is there, and all that is to need them still waits. */
export function checkNeeds(runner: Runner, jobs: readonly NewJob[]): void {
  const problems = findProblems(runner, jobs);
  if (problems.length === 0) return;
  // Jobs that are there already ask for nothing.
  const known = namedJobs(
    runner,
    problems.map(({ id }) => id),
  );
  const problem = problems.find(({ id }) => !known.has(id));
  if (problem) throw problem.error;
}

interface Problem {
  readonly id: string;
  readonly error: Error;
}

function findProblems(runner: Runner, jobs: readonly NewJob[]): readonly Problem[] {
  const problems: Problem[] = [];
  const earlier = new Set<string>();
  const held = namedJobs(runner, namesOf(jobs));
  for (const { id, needs, neededBy = [], unique } of jobs) {
    const missing = needs?.of.find((need) => !earlier.has(need.id) && !held.has(need.id));
    const closed = neededBy.find((need) => !held.get(need.id));
    if (missing) problems.push({ id, error: noPrerequisite(missing.id) });
    else if (closed) problems.push({ id, error: batchClosed(closed.id) });
    if (!unique) earlier.add(id);
  }
  return problems;
}

function* namesOf(jobs: readonly NewJob[]): Iterable<string> {
  for (const { needs, neededBy = [] } of jobs) {
    for (const { id } of needs?.of ?? []) yield id;
    for (const { id } of neededBy) yield id;
  }
}

/** Those that are there, and whether their needs hold them. */
function namedJobs(runner: Runner, ids: Iterable<string>): ReadonlyMap<string, boolean> {
  const distinct = [...new Set(ids)];
  if (distinct.length === 0) return new Map();
  const rows = runner.all<{ id: string; held: number }>(statements.selectNamed, { ids: JSON.stringify(distinct) });
  return new Map(rows.map(({ id, held }) => [id, held === 1]));
}

/** A fresh job waits until its edges, which are drawn when all jobs of the call are there, let it go. */
export function insertNeeds(runner: Runner, seq: number, { mode }: Needs, afterMs: number): void {
  runner.run(statements.deleteEdges, { seqs: JSON.stringify([seq]) });
  runner.run(statements.insertNeeds, { seq, mode, afterMs });
}

/** Draws the edges of those jobs of a call that are new. */
export function drawEdges(runner: Runner, jobs: readonly NewJob[], results: readonly EnqueueResult[]): void {
  const edges: [child: string, parent: string, when: string][] = [];
  const parents = new Set<string>();
  for (const [index, { id, needs, neededBy = [] }] of jobs.entries()) {
    if (results[index]?.outcome !== "enqueued") continue;
    for (const need of needs?.of ?? []) {
      edges.push([id, need.id, need.when]);
      parents.add(need.id);
    }
    for (const child of neededBy) edges.push([child.id, id, child.when]);
  }
  if (edges.length === 0) return;
  runner.run(statements.insertEdges, { edges: JSON.stringify(edges) });
  if (parents.size > 0) runner.run(statements.markNeeded, { ids: JSON.stringify([...parents]) });
}

/** A job that its needs have let go, or that was skipped. */
export interface Moved {
  readonly seq: number;
  readonly gated: number;
  readonly found: Exclude<Verdict, "wait">;
}

/** A requeued job is held, and looks at what it needs anew. */
export function holdAgain(runner: Runner, seq: number, now: number): readonly Moved[] {
  runner.run(statements.hold, { seq });
  runner.run(statements.lookAnew, { child: seq });
  return followHeld(runner, [seq], now);
}

/** A job that has ended waits for nothing. */
export function stopHolding(runner: Runner, seq: number): void {
  runner.run(statements.unhold, { seq });
}

/** What was decided for a job in this call. Absent: all of its edges have to be looked at. */
type Decided = Map<number, Set<EdgeStatus>>;

/** Lets go, or skips, those of these jobs that their needs hold no longer, and so on. */
export function followHeld(runner: Runner, seqs: readonly number[], now: number): readonly Moved[] {
  return follow(runner, seqs, new Map(), now);
}

/** Decides the edges to jobs that have ended, lets go, or skips, those that need them, and so on. */
export function followEnds(runner: Runner, ended: readonly number[], now: number): readonly Moved[] {
  if (ended.length === 0) return [];
  const decided: Decided = new Map();
  return follow(runner, decide(runner, ended, decided), decided, now);
}

function follow(runner: Runner, touched: readonly number[], decided: Decided, now: number): readonly Moved[] {
  const moved: Moved[] = [];
  const queue = [...touched];
  for (let at = 0; at < queue.length; at++) {
    const left = leaveNeeds(runner, queue[at] ?? 0, decided, now);
    if (!left) continue;
    moved.push(left);
    const isNeeded = left.found !== "go" && (left.gated & ties.needed) !== 0;
    // One by one: a spread of so many arguments may be more than the stack holds.
    if (isNeeded) for (const child of decide(runner, [left.seq], decided)) queue.push(child);
  }
  return moved;
}

interface DecidedEdge {
  readonly number: number;
  readonly parent: number;
  readonly child: number;
  readonly status: EdgeStatus;
}

/** Returns the jobs that need them, in the order of their edges. */
function decide(runner: Runner, ended: readonly number[], decided: Decided): readonly number[] {
  const edges = runner.all<DecidedEdge>(statements.decideEdges, { parents: JSON.stringify(ended) });
  edges.sort((a, b) => a.parent - b.parent || a.number - b.number);
  const children = new Set<number>();
  for (const { child, status } of edges) {
    children.add(child);
    const known = decided.get(child);
    if (known) known.add(status);
    else decided.set(child, new Set([status]));
  }
  return [...children];
}

interface HeldRow {
  readonly seq: number;
  readonly gated: number;
  readonly mode: Needs["mode"];
  readonly isOpen: number;
}

/** Undefined: it waits, for these or for something else. */
function leaveNeeds(runner: Runner, seq: number, decided: Decided, now: number): Moved | undefined {
  const row = runner.get<HeldRow>(statements.selectHeld, { seq });
  if (!row) return undefined;
  const found = verdictOf(runner, row, decided.get(seq));
  if (found === "wait") return undefined;
  stopHolding(runner, seq);
  if (found === "go") {
    runner.run(statements.letGo, { seq, now });
    if (row.gated & ties.gates) waitAgain(runner, seq, true);
  } else {
    runner.run(statements.skipJob, { seq, reason: found, now });
  }
  return { seq, gated: row.gated, found };
}

/** Nearly always others are open, and what was decided decides nothing: then ten thousand edges need not be read again. */
function verdictOf(runner: Runner, { seq, mode, isOpen }: HeldRow, decided: Set<EdgeStatus> | undefined): Verdict {
  if (decided && isOpen && verdict(mode, ["open", ...decided]) === "wait") return "wait";
  const rows = runner.all<{ status: EdgeStatus }>(statements.selectStatuses, { child: seq });
  return verdict(
    mode,
    rows.map(({ status }) => status),
  );
}

/** `seqs` is a JSON array. */
export function deleteNeeds(runner: Runner, seqs: string): void {
  runner.run(statements.deleteNeeds, { seqs });
  runner.run(statements.deleteEdges, { seqs });
}
