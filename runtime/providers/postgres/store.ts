import type { Clock } from "../../contract/index.ts";
import type { Database } from "./database.ts";
import type { Statements } from "./statements.ts";

/** What every call needs. */
export interface Store {
  readonly database: Database;
  readonly statements: Statements;
  /** A test's clock; without one the database's decides. */
  readonly clock: Clock | undefined;
  /** Jobs that were claimed here, and that others need: whether they have gates. A hint: what is not in it is found out. */
  readonly needed: Map<string, boolean>;
}

/** Jobs that are claimed here and settled elsewhere, or never, must not fill the memory. */
const maxNeeded = 10_000;

export function rememberNeeded({ needed }: Store, id: string, hasGates: boolean): void {
  if (needed.size >= maxNeeded) needed.clear();
  needed.set(id, hasGates);
}

/** The parameter `now` of statements that ask for the time. */
export function timeOf({ clock }: Pick<Store, "clock">): { readonly now: number | null } {
  return { now: clock?.now() ?? null };
}
