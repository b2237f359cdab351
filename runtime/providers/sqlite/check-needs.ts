import type { NewJob } from "../../contract/index.ts";
import { batchClosed, noPrerequisite } from "../../core/refused-needs.ts";
import type { CompiledStatement } from "../sql/prepared.ts";
import type { Runner } from "./connection.ts";
import * as statements from "./need-statements.ts";

/* Whether the edges of new jobs can be drawn, inside one open transaction. */

export function hasEdges({ needs, neededBy }: NewJob): boolean {
  return needs !== undefined || neededBy !== undefined;
}

/** Before anything is written: whether all that these jobs need is there, and all that is to need them still waits. */
export function checkNeeds(runner: Runner, jobs: readonly NewJob[]): void {
  const { parents, children } = namesOf(jobs);
  if (areAll(runner, statements.countThere, parents) && areAll(runner, statements.countHeld, children)) return;
  const problems = findProblems(runner, jobs, [...parents, ...children]);
  // Jobs that are there already ask for nothing.
  const known = named(
    runner,
    problems.map(({ id }) => id),
  );
  const problem = problems.find(({ id }) => !known.has(id));
  if (problem) throw problem.error;
}

interface Names {
  /** What these jobs need, and what does not stand before them in the same call. */
  readonly parents: ReadonlySet<string>;
  readonly children: ReadonlySet<string>;
}

function namesOf(jobs: readonly NewJob[]): Names {
  const parents = new Set<string>();
  const children = new Set<string>();
  const earlier = new Set<string>();
  for (const { id, needs, neededBy = [], unique } of jobs) {
    for (const need of needs?.of ?? []) if (!earlier.has(need.id)) parents.add(need.id);
    for (const need of neededBy) children.add(need.id);
    // Another job may hold the key: then this one is not there when the call is over.
    if (!unique) earlier.add(id);
  }
  return { parents, children };
}

/** Nearly always. To count ten thousand jobs costs a fifth of naming them. */
function areAll(runner: Runner, statement: CompiledStatement, ids: ReadonlySet<string>): boolean {
  if (ids.size === 0) return true;
  return runner.get<{ count: number }>(statement, { ids: JSON.stringify([...ids]) })?.count === ids.size;
}

interface Problem {
  readonly id: string;
  readonly error: Error;
}

function findProblems(runner: Runner, jobs: readonly NewJob[], names: readonly string[]): readonly Problem[] {
  const problems: Problem[] = [];
  const there = named(runner, names);
  const earlier = new Set<string>();
  for (const { id, needs, neededBy = [], unique } of jobs) {
    const missing = needs?.of.find((need) => !earlier.has(need.id) && !there.has(need.id));
    const closed = neededBy.find((need) => !there.get(need.id));
    if (missing) problems.push({ id, error: noPrerequisite(missing.id) });
    else if (closed) problems.push({ id, error: batchClosed(closed.id) });
    if (!unique) earlier.add(id);
  }
  return problems;
}

/** Those that are there, and whether their needs hold them. */
function named(runner: Runner, ids: readonly string[]): ReadonlyMap<string, boolean> {
  const rows = runner.all<{ id: string; isHeld: number }>(statements.selectNamed, { ids: JSON.stringify(ids) });
  return new Map(rows.map(({ id, isHeld }) => [id, isHeld === 1]));
}
