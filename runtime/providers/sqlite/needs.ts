import type { EdgeStatus, EnqueueResult, NeedCondition, Needs, NewJob } from "../../contract/index.ts";
import { type Verdict, verdict } from "../../core/needs.ts";
import type { Runner } from "./connection.ts";
import { waitAgain } from "./gates.ts";
import * as statements from "./need-statements.ts";
import { ties } from "./ties.ts";

/* Who waits for whose end, inside one open write transaction. */

/** A fresh job waits until its edges, which are drawn when all jobs of the call are there, let it go. */
export function insertNeeds(runner: Runner, seq: number, { mode }: Needs, afterMs: number): void {
  runner.run(statements.deleteEdges, { seqs: JSON.stringify([seq]) });
  runner.run(statements.insertNeeds, { seq, mode, afterMs });
}

/** Edges that are drawn together. */
interface Bundle {
  readonly child: string;
  readonly when: NeedCondition;
  readonly parents: string[];
}

/** Draws the edges of those jobs of a call that are new. */
export function drawEdges(runner: Runner, jobs: readonly NewJob[], results: readonly EnqueueResult[]): void {
  const fresh = jobs.filter((_, index) => results[index]?.outcome === "enqueued");
  for (const { child, when, parents } of bundlesOf(fresh)) {
    const drawn = runner.run(statements.insertEdges, { child, when, parents: JSON.stringify(parents) });
    runner.run(statements.markNeeded, { last: Number(drawn.lastInsertRowid), count: drawn.changes });
  }
}

/** In the order of the edges, of which neighbours that are alike go together. */
function bundlesOf(jobs: readonly NewJob[]): readonly Bundle[] {
  const bundles: Bundle[] = [];
  const add = (child: string, parent: string, when: NeedCondition): void => {
    const last = bundles.at(-1);
    if (last?.child === child && last.when === when) last.parents.push(parent);
    else bundles.push({ child, when, parents: [parent] });
  };
  for (const { id, needs, neededBy = [] } of jobs) {
    for (const need of needs?.of ?? []) add(id, need.id, need.when);
    for (const need of neededBy) add(need.id, id, need.when);
  }
  return bundles;
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

/** As `followEnds`, of jobs that have all succeeded; `ids` is a JSON array. */
export function followSuccesses(runner: Runner, ids: string, now: number): readonly Moved[] {
  const decided: Decided = new Map();
  const edges = runner.all<DecidedEdge>(statements.decideSucceeded, { ids });
  return follow(runner, childrenOf(edges, decided), decided, now);
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
  return childrenOf(edges, decided);
}

function childrenOf(edges: DecidedEdge[], decided: Decided): readonly number[] {
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
