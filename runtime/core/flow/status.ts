import type { EndReason, JobRecord, JobState, NeedRecord, Provider } from "../../contract/index.ts";
import { settingsOf } from "../envelope.ts";
import { actionOf, needsOf } from "./outcomes.ts";
import type { Action } from "./plan.ts";

/** A job of a flow with what it needs. */
export interface StoredNode {
  readonly record: JobRecord;
  readonly name: string;
  readonly kind: Action["kind"];
  readonly needs: readonly NeedRecord[];
}

/** A node as it is now. */
export interface NodeStatus {
  readonly id: string;
  readonly name: string;
  /** Name of the job definition, or that of jobs which hold flows together. */
  readonly job: string;
  readonly kind: Action["kind"];
  readonly state: JobState;
  readonly reason: EndReason | undefined;
  readonly attempt: number;
  /** Of a node that was skipped because of others: the name of that with which it began. */
  readonly cause: string | undefined;
  readonly needs: readonly { readonly node: string; readonly when: string; readonly status: string }[];
}

export interface FlowStatus {
  readonly id: string;
  /** That of the last node. */
  readonly state: JobState;
  /** Each after all that it needs. */
  readonly nodes: readonly NodeStatus[];
}

/** All jobs that the end of a flow needs, directly or not, and the end itself: each after those that it needs. */
export async function readFlow(provider: Provider, id: string): Promise<readonly StoredNode[] | undefined> {
  const end = await provider.get(id);
  if (!end) return undefined;
  const nodes = new Map<string, StoredNode>();

  // A chain is as deep as it is long, so this walks without recursion.
  const stack: { readonly record: JobRecord; readonly entered?: readonly NeedRecord[] }[] = [{ record: end }];
  const seen = new Set([id]);
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { record, entered } = top;
    if (entered) {
      nodes.set(record.id, nodeOf(record, entered));
      continue;
    }
    const needs = await needsOf(provider, record.id);
    stack.push({ record, entered: needs });
    for (const { job } of needs.toReversed()) {
      if (seen.has(job.id)) continue;
      seen.add(job.id);
      stack.push({ record: job });
    }
  }
  return sorted([...nodes.values()]);
}

/** A node that was met first from below may stand before one that it needs. */
function sorted(nodes: readonly StoredNode[]): readonly StoredNode[] {
  const byId = new Map(nodes.map((node) => [node.record.id, node]));
  const waitsFor = new Map(nodes.map((node) => [node.record.id, node.needs.length]));
  const neededBy = new Map<string, string[]>();
  for (const { record, needs } of nodes) {
    for (const { job } of needs) neededBy.set(job.id, [...(neededBy.get(job.id) ?? []), record.id]);
  }
  const order = nodes.filter(({ needs }) => needs.length === 0);
  for (const { record } of order) {
    for (const id of neededBy.get(record.id) ?? []) {
      const left = (waitsFor.get(id) ?? 0) - 1;
      waitsFor.set(id, left);
      const node = byId.get(id);
      if (left === 0 && node) order.push(node);
    }
  }
  return order;
}

function nodeOf(record: JobRecord, needs: readonly NeedRecord[]): StoredNode {
  return { record, needs, name: nameOf(record), kind: actionOf(record)?.kind ?? "job" };
}

function nameOf({ payload, id }: JobRecord): string {
  return settingsOf(payload)?.flow?.node ?? id;
}

export function statusOf(id: string, nodes: readonly StoredNode[]): FlowStatus {
  const causes = causesIn(nodes);
  return {
    id,
    state: nodes.at(-1)?.record.state ?? "blocked",
    nodes: nodes.map(({ record, name, kind, needs }) => ({
      id: record.id,
      name,
      job: record.name,
      kind,
      state: record.state,
      reason: record.reason,
      attempt: record.attempt,
      cause: causes.get(record.id),
      needs: needs.map(({ job, when, status }) => ({ node: nameOf(job), when, status })),
    })),
  };
}

/** Of each skipped node the name of the one that it is skipped for, where that began. Parents come first. */
function causesIn(nodes: readonly StoredNode[]): ReadonlyMap<string, string> {
  const causes = new Map<string, string>();
  for (const { record, needs } of nodes) {
    if (record.state !== "skipped") continue;
    const missed = needs.find(({ status }) => status === (record.reason === "prerequisite" ? "broken" : "unmet"));
    if (missed) causes.set(record.id, causes.get(missed.job.id) ?? nameOf(missed.job));
  }
  return causes;
}
