import { createHash } from "node:crypto";
import { createMemo } from "../memo.ts";
import type { JobModel, Model } from "./model.ts";

/**
 * Of the canonical JSON (sorted keys), so that it depends on nothing but what the schema says. Without the contracts: the
 * lock has them. 16 hexadecimal digits.
 */
export function hashModel({ jobs, workflows, named }: Model): string {
  const plain = workflows?.map((workflow) => {
    const { contract: _, ...rest } = workflow;
    return rest;
  });
  const flows = plain ? `,"workflows":${canonicalJson(plain)}` : "";
  return createHash("sha256")
    .update(`{"jobs":[${jobs.map(jobText).join(",")}],"named":${canonicalJson(named)}${flows}}`)
    .digest("hex")
    .slice(0, 16);
}

const texts = createMemo<JobModel, string>();

function jobText(job: JobModel): string {
  return texts(job, undefined, () => {
    const { contract: _, previous: __, ...rest } = job;
    return canonicalJson(rest);
  });
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) => {
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return entry;
    return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
