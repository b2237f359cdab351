import type { Clock } from "../../contract/index.ts";
import type { Database } from "./database.ts";
import type { Statements } from "./statements.ts";

/** What every call needs. */
export interface Store {
  readonly database: Database;
  readonly statements: Statements;
  /** A test's clock; without one the database's decides. */
  readonly clock: Clock | undefined;
}

/** The parameter `now` of statements that ask for the time. */
export function timeOf({ clock }: Store): { readonly now: number | null } {
  return { now: clock?.now() ?? null };
}
