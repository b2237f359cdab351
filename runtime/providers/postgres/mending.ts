import { endWithEdges, follow, lockReach, type MovedJob, type Root } from "./needs.ts";
import type { Store } from "./store.ts";

/*
 * What should not be: jobs that nothing holds any more and that wait still, and open edges to jobs that have ended. A version
 * of this package that knows no edges leaves them, while it runs beside this one. A call looks at some, and goes on from
 * there the next time.
 */

/** Jobs and edges looked at in a call. */
const batch = 1_000;
const edgeBatch = 5_000;
const firstEdge = { afterChild: 0, afterPlace: 0 };

export interface Mender {
  /** Returns the jobs that it has moved. */
  mend(): Promise<readonly MovedJob[]>;
}

interface HeldRow {
  readonly seq: number;
  readonly id: string;
  readonly suspect: boolean;
}

interface EdgeRow {
  readonly child: number;
  readonly place: number;
  /** The job that is needed and has ended; null: it is as it should be. */
  readonly id: string | null;
  readonly succeeded: boolean | null;
  /** How many edges were looked at. */
  readonly seen: number;
}

export function createMender(store: () => Store): Mender {
  let afterJob = 0;
  let afterEdge = firstEdge;

  async function mendEdges(): Promise<readonly MovedJob[]> {
    const given = store();
    const { database, statements } = given;
    const rows = await database.objects<EdgeRow>(statements.openEdges, { ...afterEdge, limit: edgeBatch });
    const last = rows.at(-1);
    afterEdge = last?.seen === edgeBatch ? { afterChild: last.child, afterPlace: last.place } : firstEdge;
    const roots = new Map<string, Root>();
    for (const { id, succeeded } of rows) {
      if (id !== null) roots.set(id, { id, kind: succeeded ? "succeeded" : "skipped" });
    }
    if (roots.size === 0) return [];
    const ended = () => Promise.resolve();
    return (await database.transact((run) => endWithEdges(run, given, [...roots.values()], ended))).moved;
  }

  async function mendHeld(): Promise<readonly MovedJob[]> {
    const given = store();
    const { database, statements } = given;
    const rows = await database.objects<HeldRow>(statements.heldByNothing, { after: afterJob, limit: batch });
    afterJob = rows.length < batch ? 0 : (rows.at(-1)?.seq ?? 0);
    const anew = rows.flatMap(({ id, suspect }) => (suspect ? [id] : []));
    if (anew.length === 0) return [];
    return database.transact(async (run) => {
      const locked = await lockReach(
        run,
        given,
        anew.map((id): Root => ({ id, kind: "skipped", anew: true })),
      );
      return follow(run, given, { anew, locked: locked.map(({ seq }) => seq) });
    });
  }

  return { mend: async () => [...(await mendEdges()), ...(await mendHeld())] };
}
