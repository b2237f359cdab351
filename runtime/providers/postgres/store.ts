import type { Clock, Lease } from "../../contract/index.ts";
import type { Database } from "./database.ts";
import type { Statements } from "./statements.ts";

/** What every call needs. */
export interface Store {
  readonly database: Database;
  readonly statements: Statements;
  /** A test's clock; without one the database's decides. */
  readonly clock: Clock | undefined;
  /** What is known of jobs that were claimed here and not settled yet. Hints: what is not in them is found out. */
  readonly claimed: ClaimedJobs;
}

export interface ClaimedJobs {
  /** `seq` by id. */
  readonly seqs: Map<string, number>;
  /** Of jobs that others need: whether they have gates. */
  readonly needed: Map<string, boolean>;
}

export function noneClaimed(): ClaimedJobs {
  return { seqs: new Map(), needed: new Map() };
}

/** Call it when leases have ended. */
export function forget({ seqs, needed }: ClaimedJobs, leases: readonly Lease[]): void {
  for (const { id } of leases) {
    seqs.delete(id);
    needed.delete(id);
  }
}

/** The parameter `now` of statements that ask for the time. */
export function timeOf({ clock }: Pick<Store, "clock">): { readonly now: number | null } {
  return { now: clock?.now() ?? null };
}
