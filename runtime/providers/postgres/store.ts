import type { Clock } from "../../contract/index.ts";
import type { Database } from "./database.ts";
import type { Statements } from "./statements.ts";

/** What every call needs. */
export interface Store {
  readonly database: Database;
  readonly statements: Statements;
  /** A test's clock; without one the database's decides. */
  readonly clock: Clock | undefined;
  /** Ids of jobs that were claimed here, and that others need. A hint: what is not in it is found out. */
  readonly needed: Set<string>;
}

/** Jobs that are claimed here and settled elsewhere, or never, must not fill the memory. */
const maxNeeded = 10_000;

export function rememberNeeded({ needed }: Store, ids: readonly string[]): void {
  if (needed.size + ids.length > maxNeeded) needed.clear();
  for (const id of ids) needed.add(id);
}

/** The parameter `now` of statements that ask for the time. */
export function timeOf({ clock }: Store): { readonly now: number | null } {
  return { now: clock?.now() ?? null };
}
