import type { NeedCondition, NewJob } from "../../contract/index.ts";
import { batchClosed, noPrerequisite } from "../../core/refused-needs.ts";
import type { Run, Values } from "./database.ts";
import { hasEdges } from "./enqueue.ts";
import { arrayOf } from "./lists.ts";
import { follow, lockReach, type Locked, type MovedJob, type Root } from "./needs.ts";
import type { Store } from "./store.ts";

/* The edges of new jobs, as steps of the transaction that writes them. */

/**
 * Locks the jobs that these need, or that are to need them, and that are there already: `known` are those of the call.
 * Throws if one of them is missing, or does not wait for others any more.
 */
export async function lockEnds(
  run: Run,
  store: Store,
  jobs: readonly NewJob[],
  known: ReadonlySet<string>,
): Promise<readonly Locked[]> {
  if (!jobs.some(hasEdges)) return [];
  const fresh = new Set(jobs.flatMap(({ id }) => (known.has(id) ? [] : [id])));
  const roots = new Map<string, Root>();
  for (const { needs, neededBy = [] } of jobs) {
    for (const { id } of needs?.of ?? []) if (!fresh.has(id) && !roots.has(id)) roots.set(id, { id });
    // A job whose needs have ended already may be skipped at once, and so those that need it.
    for (const { id } of neededBy) roots.set(id, needs ? { id, kind: "skipped" } : { id });
  }
  const locked = roots.size === 0 ? [] : await lockReach(run, store, [...roots.values()]);
  checkEnds(jobs, known, new Map(locked.map((one) => [one.id, one])));
  return locked;
}

function checkEnds(jobs: readonly NewJob[], known: ReadonlySet<string>, there: ReadonlyMap<string, Locked>): void {
  const earlier = new Set<string>();
  for (const { id, needs, neededBy = [], unique } of jobs) {
    if (known.has(id)) continue;
    for (const need of needs?.of ?? []) {
      if (!earlier.has(need.id) && !there.has(need.id)) throw noPrerequisite(need.id);
    }
    for (const need of neededBy) if (!there.get(need.id)?.held) throw batchClosed(need.id);
    if (!unique) earlier.add(id);
  }
}

/** What the rows of new jobs say of their edges, for `batchOf`. */
export function edgeColumns(jobs: readonly NewJob[]): Values {
  const needed = new Set(jobs.flatMap(({ needs }) => (needs?.of ?? []).map(({ id }) => id)));
  return {
    needed: arrayOf(jobs.map(({ id, neededBy = [] }) => (needed.has(id) || neededBy.length > 0 ? 1 : undefined))),
    modes: arrayOf(jobs.map(({ needs }) => needs?.mode)),
    afters: arrayOf(jobs.map(({ needs, delayMs = 0 }) => (needs ? Math.ceil(delayMs) : undefined))),
  };
}

interface NewEdge {
  readonly child: string;
  readonly parent: string;
  readonly when: NeedCondition;
}

function edgesOf(jobs: readonly NewJob[]): readonly NewEdge[] {
  return jobs.flatMap(({ id, needs, neededBy = [] }) => [
    ...(needs?.of ?? []).map((need) => ({ child: id, parent: need.id, when: need.when })),
    ...neededBy.map((need) => ({ child: need.id, parent: id, when: need.when })),
  ]);
}

/** As the statement reads them: thousands of edges of one job name it once. */
function byChild(edges: readonly NewEdge[]): string {
  const children = new Map<string, object[]>();
  for (const [n, { child, parent, when }] of edges.entries()) {
    const own = children.get(child) ?? [];
    if (own.length === 0) children.set(child, own);
    own.push({ n, parent, when });
  }
  return JSON.stringify([...children].map(([child, own]) => ({ child, edges: own })));
}

/** Draws the edges of jobs that were written, in their order; returns those that were let go or skipped at once. */
export async function drawEdges(
  run: Run,
  store: Store,
  jobs: readonly NewJob[],
  locked: readonly Locked[],
): Promise<readonly MovedJob[]> {
  const edges = edgesOf(jobs);
  const fresh = new Set(jobs.map(({ id }) => id));
  const others = edges.flatMap(({ parent }) => (fresh.has(parent) ? [] : [parent]));
  if (edges.length > 0) await run(store.statements.drawEdges, { edges: byChild(edges), others });
  // One that needs nothing but jobs of this call waits for them.
  const anew = jobs.filter(({ needs }) => needs && !(needs.of.length > 0 && needs.of.every(({ id }) => fresh.has(id))));
  const seqs = locked.map(({ seq }) => seq);
  return follow(run, store, { anew: anew.map(({ id }) => id), locked: seqs });
}
