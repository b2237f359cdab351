import { createHash } from "node:crypto";
import type { Model } from "./model.ts";

/**
 * Of the canonical JSON (sorted keys), so that it depends on nothing but what the schema says. Without the contracts: the
 * lock has them. 16 hexadecimal digits.
 */
export function hashModel({ jobs, workflows, named }: Model): string {
  const printed = jobs.map((job) => {
    const { contract: _, previous: __, ...rest } = job;
    return rest;
  });
  return createHash("sha256")
    .update(canonicalJson({ jobs: printed, ...(workflows ? { workflows } : {}), named }))
    .digest("hex")
    .slice(0, 16);
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) => {
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return entry;
    return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
