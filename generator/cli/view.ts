import type { JobHistory, JobRecord } from "../../runtime/contract/index.ts";
import type { JobwrightConfig } from "../../runtime/config.ts";
import type { JobDescriptor } from "../../runtime/core/descriptor.ts";
import { revealedHistory, type ShownHistory, shownHistory } from "../../runtime/core/shown-history.ts";
import { revealedJob, type ShownJob, shownJob } from "../../runtime/core/shown-job.ts";
import { descriptorOf } from "./descriptor.ts";
import type { Terminal } from "./terminal.ts";

export interface ViewFlags {
  readonly config?: string;
  /** Show what is sensitive, too. Default false. */
  readonly reveal?: boolean;
}

/** Jobs as they may be shown. */
export interface View {
  /** Says on the terminal why a payload is withheld. */
  jobs(records: readonly JobRecord[]): readonly ShownJob[];
  history(history: JobHistory, record: JobRecord): ShownHistory;
}

export async function createView(terminal: Terminal, config: JobwrightConfig, flags: ViewFlags): Promise<View> {
  if (flags.reveal) return { jobs: (records) => records.map(revealedJob), history: revealedHistory };
  const descriptor = await descriptorOf(config, flags.config);
  const byName = new Map(descriptor?.jobs.map((job): [string, JobDescriptor] => [job.name, job]));
  return {
    jobs(records) {
      const strange = new Set(records.filter(({ name }) => !byName.has(name)).map(({ name }) => name));
      if (strange.size > 0) {
        const reason = descriptor ? "not in the generated descriptor" : "no generated descriptor was found";
        terminal.say(`payloads of ${[...strange].join(", ")} are withheld: ${reason}; --reveal shows them`);
      }
      return records.map((record) => shownJob(record, byName.get(record.name)));
    },
    history: (history, record) => shownHistory(history, record, byName.get(record.name)),
  };
}
