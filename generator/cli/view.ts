import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { JobHistory, JobRecord } from "../../runtime/contract/index.ts";
import type { JobwrightConfig } from "../../runtime/config.ts";
import type { JobDescriptor, SchemaDescriptor } from "../../runtime/core/descriptor.ts";
import { revealedHistory, type ShownHistory, shownHistory } from "../../runtime/core/shown-history.ts";
import { revealedJob, type ShownJob, shownJob } from "../../runtime/core/shown-job.ts";
import { findUpward, schemaNames } from "../find.ts";
import { findConfig } from "./config.ts";
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
  const descriptor = config.descriptor ?? (await loadDescriptor(dirname(findConfig(flags.config))));
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

const descriptorNames = ["descriptor.ts", "descriptor.js", "descriptor.mts", "descriptor.mjs"];

/** What `codegen` left next to the schema, or next to the configuration. One that cannot be loaded is none. */
export async function loadDescriptor(folder: string): Promise<SchemaDescriptor | undefined> {
  const schema = findUpward(folder, schemaNames);
  const folders = [...(schema === undefined ? [] : [dirname(schema)]), folder];
  const file = folders
    .flatMap((parent) => descriptorNames.map((name) => join(parent, "generated", name)))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) return undefined;
  try {
    const { tsImport } = await import("tsx/esm/api");
    const module: unknown = await tsImport(pathToFileURL(file).href, import.meta.url);
    return descriptorOf(module);
  } catch {
    return undefined;
  }
}

function descriptorOf(module: unknown): SchemaDescriptor | undefined {
  const { descriptor } = module as { readonly descriptor?: SchemaDescriptor }; // a module is an object
  return Array.isArray(descriptor?.jobs) ? descriptor : undefined;
}
