import { isFinalState, type JobRecord } from "../../contract/index.ts";
import { getJobs, jobStates } from "./inspect.ts";
import type { Store } from "./store.ts";

/** What `SettledWaits` is told of a job that goes on: it reads nothing but the state of one that is not final. */
const goingOn = { state: "running" } as JobRecord;

/**
 * Looks at awaited jobs. All that are asked for in one turn of the event loop, or while an earlier look is under way, go in
 * one statement that reads states only; records are fetched of jobs that have ended.
 */
export function createSettledLookup(store: () => Store): (id: string) => Promise<JobRecord | undefined> {
  let asked = new Set<string>();
  let next: Promise<ReadonlyMap<string, JobRecord | undefined>> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function look(): Promise<ReadonlyMap<string, JobRecord | undefined>> {
    await new Promise(setImmediate);
    await last.catch(() => undefined);
    const ids = [...asked];
    asked = new Set();
    const answer = read(ids);
    last = answer;
    next = undefined;
    return answer;
  }

  async function read(ids: readonly string[]): Promise<ReadonlyMap<string, JobRecord | undefined>> {
    const states = await jobStates(store(), ids);
    const ended = ids.filter((id) => {
      const state = states.get(id);
      return state === undefined || isFinalState(state);
    });
    const records = await getJobs(
      store(),
      ended.filter((id) => states.has(id)),
    );
    const byId = new Map(records.map((record) => [record.id, record]));
    return new Map(ended.map((id) => [id, byId.get(id)]));
  }

  return async (id) => {
    asked.add(id);
    next ??= look();
    const found = await next;
    return found.has(id) ? found.get(id) : goingOn;
  };
}
