import {
  type CompleteOutcome,
  type FinalState,
  isFinalState,
  type Need,
  type NeedPage,
  type NeedsRequest,
  type NewJob,
  type OutsideCompletion,
} from "../../contract/index.ts";
import { decisions, endKindOf, verdict } from "../../core/needs.ts";
import { cursorNumber, pageLimit } from "../../core/paging.ts";
import { batchClosed, noPrerequisite } from "../../core/refused-needs.ts";
import { transitionOf } from "../../core/transitions.ts";
import { announce } from "./control.ts";
import { applyTransition, place, type Row, toRecord } from "./row.ts";
import type { MemoryStore } from "./store.ts";

/** Edges between jobs: who waits for whose end. */

/** Before anything is written: whether all that these jobs need is there, and all that is to need them still waits. */
export function checkNeeds(store: MemoryStore, jobs: readonly NewJob[]): void {
  const earlier = new Set<string>();
  for (const { id, needs, neededBy = [], unique } of jobs) {
    if (store.rows.has(id)) continue;
    for (const need of needs?.of ?? []) {
      if (!earlier.has(need.id) && !store.rows.has(need.id)) throw noPrerequisite(need.id);
    }
    for (const need of neededBy) if (!isHeld(store.rows.get(need.id))) throw batchClosed(need.id);
    if (!unique) earlier.add(id);
  }
}

function isHeld(row: Row | undefined): boolean {
  return row?.state === "blocked" && row.heldByNeeds;
}

/** Draws the edges of a new job. */
export function drawEdges(store: MemoryStore, row: Row, { needs, neededBy = [] }: NewJob): void {
  for (const need of needs?.of ?? []) drawEdge(store, row, need);
  for (const { id, when } of neededBy) {
    const child = store.rows.get(id);
    if (child) drawEdge(store, child, { id: row.id, when });
  }
}

function drawEdge(store: MemoryStore, child: Row, { id, when }: Need): void {
  const parent = store.rows.get(id);
  if (!parent) throw new Error(`job ${id} was there a moment ago`);
  child.needs.push({ id, when, status: statusOf(parent, when) });
  parent.isNeeded = true;
  parent.neededBy.add(child.id);
}

function statusOf({ state, reason }: Row, when: Need["when"]): Row["needs"][number]["status"] {
  return isFinalState(state) ? decisions[when][endKindOf(state, reason)] : "open";
}

/** A requeued job looks at what it needs anew. */
export function lookAnew(store: MemoryStore, row: Row): void {
  for (const edge of row.needs) {
    const parent = store.rows.get(edge.id);
    if (parent) edge.status = statusOf(parent, edge.when);
  }
}

/**
 * Lets go, or skips, those of these jobs that their needs hold, if they no longer do; then those that needed a job that has
 * ended, and so on. Returns all that moved.
 */
export function followEdges(store: MemoryStore, touched: readonly Row[], now: number): readonly Row[] {
  const moved: Row[] = [];
  const queue = [...touched];
  for (let row = queue.shift(); row; row = queue.shift()) {
    if (isHeld(row) && leaveNeeds(row, now)) moved.push(row);
    if (isFinalState(row.state)) queue.push(...decideFor(store, row, row.state));
  }
  for (const row of moved) if (isFinalState(row.state)) store.announceSettled(row.id);
  return moved;
}

/** Decides the open edges of a job that has ended; returns the jobs that need it. */
function decideFor(store: MemoryStore, ended: Row, state: FinalState): readonly Row[] {
  const end = endKindOf(state, ended.reason);
  return [...ended.neededBy].flatMap((id) => {
    const child = store.rows.get(id);
    const edge = child?.needs.find((need) => need.id === ended.id);
    if (!child || edge?.status !== "open") return [];
    edge.status = decisions[edge.when][end];
    return [child];
  });
}

/** Whether the job waits for what it needs no longer. */
function leaveNeeds(row: Row, now: number): boolean {
  const found = verdict(
    row.needsMode,
    row.needs.map(({ status }) => status),
  );
  if (found === "wait") return false;
  if (found !== "go") {
    applyTransition(row, transitionOf(row, "skip"), { now, reason: found });
    return true;
  }
  row.heldByNeeds = false;
  row.runAt = Math.max(row.runAt, now + row.afterNeedsMs);
  place(row, row.runAt > now ? "scheduled" : "ready");
  return true;
}

export function completeJob(store: MemoryStore, { id, output }: OutsideCompletion, now: number): CompleteOutcome {
  const row = store.rows.get(id);
  if (!row) return "notFound";
  const transition = transitionOf(row, "complete");
  if (transition.answer !== "completed") return "notWaiting";
  applyTransition(row, transition, { now });
  row.output = output;
  row.error = undefined;
  announce(store, [row], now);
  store.announceSettled(id);
  return "completed";
}

/** Whether a job has to stay for one that needs it. */
export function isKept(store: MemoryStore, { neededBy }: Row): boolean {
  return [...neededBy].some((id) => store.rows.has(id));
}

export function needsOf(store: MemoryStore, request: NeedsRequest): NeedPage {
  const limit = pageLimit(request);
  const start = cursorNumber(request.cursor) ?? 0;
  const edges = store.rows.get(request.id)?.needs ?? [];
  const needs = edges.slice(start, start + limit).flatMap(({ id, when, status }) => {
    const row = store.rows.get(id);
    return row ? [{ when, status, job: toRecord(row) }] : [];
  });
  return { needs, cursor: start + limit < edges.length ? String(start + limit) : undefined };
}
