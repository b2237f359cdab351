import { type JobRecord, JobwrightError, type NeedRecord, type Provider } from "../../contract/index.ts";
import { openEnvelope } from "../envelope.ts";
import type { NodeAspect } from "./expression.ts";
import { type Makers, makerOf } from "../makers.ts";
import { flowJobName } from "./names.ts";
import type { Action } from "./plan.ts";
import { decodeTemplate } from "./template.ts";

/** How a node ended, as plain data that an input can hold. `Failure` is the union of its declared errors. */
export type NodeOutcome<Output, Failure = never> =
  | { readonly status: "succeeded"; readonly output: Output }
  | {
      readonly status: "dead";
      /** The declared error that ended the last attempt; undefined if it was another one. */
      readonly failure: Failure | undefined;
      /** Message of the last error, whatever it was. */
      readonly error: string | undefined;
    }
  /** `pending`: it has not ended yet; only where a job needs any of many. */
  | { readonly status: "cancelled" | "skipped" | "pending" };

const pageSize = 1_000;

/** All that a job needs. */
export async function needsOf(provider: Provider, id: string): Promise<readonly NeedRecord[]> {
  const needs: NeedRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await provider.needs({ id, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
    needs.push(...page.needs);
    ({ cursor } = page);
  } while (cursor !== undefined);
  return needs;
}

/** Undefined: it is the job of a definition. Throws `JW_INVALID_PAYLOAD`. */
export function actionOf({ id, name, payload }: Pick<JobRecord, "id" | "name" | "payload">): Action | undefined {
  if (name !== flowJobName) return undefined;
  try {
    return JSON.parse(openEnvelope(payload).payload) as Action; // by instantiate
  } catch (cause) {
    throw new JobwrightError("JW_INVALID_PAYLOAD", `The node ${id} of a flow cannot be read.`, { cause });
  }
}

/** What an ended node gives to those that refer to it. */
export async function valueOf(
  provider: Provider,
  makers: Makers,
  record: JobRecord,
  aspect: NodeAspect,
): Promise<unknown> {
  const kind = actionOf(record)?.kind;
  if (kind !== "batch") return aspectOf(record, makers, aspect);
  const members = await needsOf(provider, record.id);
  const jobs = members.map(({ job }) => job).filter(isMember);
  return Promise.all(jobs.map((job) => valueOf(provider, makers, job, aspect)));
}

/** What makes the members of a map, and what keeps a batch open, are none themselves. */
function isMember(job: JobRecord): boolean {
  const kind = actionOf(job)?.kind;
  return kind !== "map" && kind !== "seal";
}

function aspectOf(record: JobRecord, makers: Makers, aspect: NodeAspect): unknown {
  if (aspect === "outcome") return outcomeOf(record, makers);
  if (record.state === "succeeded") return outputOf(record, makers);
  if (aspect === "maybe") return undefined;
  throw new JobwrightError(
    "JW_INVALID_PAYLOAD",
    `${record.name} ${record.id}, whose output is needed, is ${record.state}.`,
  );
}

/** Of a job that succeeded. */
export function outputOf({ id, name, output }: JobRecord, makers: Makers): unknown {
  if (name !== flowJobName) return makerOf(makers, name).codec.decodeOutput(output, id);
  return output === undefined ? undefined : decodeTemplate(JSON.parse(output), refuse);
}

function refuse(): never {
  throw new JobwrightError("JW_INVALID_OUTPUT", "A stored output of a flow has an expression in it.");
}

function outcomeOf(record: JobRecord, makers: Makers): NodeOutcome<unknown, unknown> {
  switch (record.state) {
    case "succeeded":
      return { status: "succeeded", output: outputOf(record, makers) };
    case "dead":
      return { status: "dead", ...failureOf(record, makers) };
    case "cancelled":
    case "skipped":
      return { status: record.state };
    default:
      return { status: "pending" };
  }
}

function failureOf({ id, name, error }: JobRecord, makers: Makers) {
  if (!error) return { failure: undefined, error: undefined };
  if (name === flowJobName) return { failure: undefined, error: error.message };
  const { codec } = makerOf(makers, name);
  const { name: errorName, message, data } = codec.vault.openError(error, id);
  return { failure: data === undefined ? undefined : codec.decodeError(errorName, data), error: message };
}
