import type { JobRecord } from "../../contract/index.ts";
import { getJobs, pendingJobs } from "./control.ts";
import type { RunScript } from "./store.ts";

/** What `SettledWaits` is told of a job that goes on: it reads nothing but the state of one that is not final. */
const goingOn = { state: "running" } as JobRecord;

/**
 * Looks at awaited jobs. All that are asked for in one turn of the event loop go in one call, which carries no payloads;
 * only jobs that have ended are fetched.
 */
export function createSettledLookup(run: RunScript): (id: string) => Promise<JobRecord | undefined> {
  let asked: string[] = [];
  let answer: Promise<ReadonlyMap<string, JobRecord | undefined>> | undefined;

  async function look(): Promise<ReadonlyMap<string, JobRecord | undefined>> {
    await new Promise(setImmediate);
    const ids = asked;
    asked = [];
    answer = undefined;
    const pending = await pendingJobs(run, ids);
    const ended = ids.filter((_id, index) => !pending[index]);
    const records = await getJobs(run, ended);
    return new Map(ended.map((id, index) => [id, records[index]]));
  }

  return async (id) => {
    asked.push(id);
    answer ??= look();
    const found = await answer;
    return found.has(id) ? found.get(id) : goingOn;
  };
}
