import type { JobRecord } from "../../runtime/contract/index.ts";
import { settingsOf } from "../../runtime/core/envelope.ts";
import { flowTag } from "../../runtime/core/flow/tags.ts";
import { loadConfig, withProvider } from "./config.ts";
import { type JobsFlags, readLimit, readState } from "./jobs.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface ListFlags extends JobsFlags {
  readonly state?: string[];
  readonly name?: string;
  readonly limit: string;
}

/** A flow as its last node tells of it. */
function flowOf({ id, payload, state, reason, enqueuedAt, finishedAt, error }: JobRecord) {
  return {
    id,
    name: settingsOf(payload)?.flow?.workflow,
    state,
    reason,
    enqueuedAt,
    finishedAt,
    error: error?.message,
  };
}

export async function list(terminal: Terminal, flags: ListFlags): Promise<void> {
  const request = {
    limit: readLimit(flags.limit),
    tags: [flowTag(flags.name)],
    ...(flags.state === undefined ? {} : { states: flags.state.map(readState) }),
  };
  const page = await withProvider(await loadConfig(flags.config), async (provider) => {
    await provider.start();
    return provider.list(request);
  });
  const workflows = page.jobs.map(flowOf);
  if (flags.json) return terminal.json({ ok: true, workflows, cursor: page.cursor });
  terminal.data(
    formatTable(
      ["id", "workflow", "state", "began at", "ended at", "error"],
      workflows.map(({ id, name = "", state, reason, enqueuedAt, finishedAt, error = "" }) => [
        id,
        name,
        reason === undefined ? state : `${state} (${reason})`,
        timeOf(enqueuedAt),
        timeOf(finishedAt),
        error.split("\n")[0]?.slice(0, 60) ?? "",
      ]),
    ),
  );
  if (workflows.length === 0) terminal.say("no workflows");
}

function timeOf(ms: number | undefined): string {
  return ms === undefined ? "" : new Date(ms).toISOString();
}
