import type { Gate, Limit } from "../contract/index.ts";
import type { GateDescriptor, JobDescriptor } from "./descriptor.ts";
import type { JobCodec } from "./job-codec.ts";
import type { LoadedJob } from "./schema-module.ts";
import { pick } from "./unique-key.ts";

/** The gates that a job with this input has to pass; `wire` gives the input as it crosses the wire. */
export function gatesOf(
  job: JobDescriptor,
  { vault }: JobCodec,
  loaded: LoadedJob,
  input: unknown,
  wire: () => unknown,
): readonly Gate[] {
  return (job.gates ?? []).flatMap(({ by, ...gate }): readonly Gate[] => {
    if (by === undefined) return [{ ...gate, key: gate.policy }];
    const value = by === "function" ? loaded.gateBy?.[gate.policy]?.(input) : pick(wire(), by);
    const key = vault.keyOf(gate.policy, value);
    return key === undefined ? [] : [{ ...gate, key }];
  });
}

/** Every policy of these jobs once, for the store to know. */
export function limitsOf(jobs: readonly JobDescriptor[]): readonly Limit[] {
  const limits = jobs.flatMap(({ gates = [] }) => gates).map(limitOf);
  return [...new Map(limits.map((limit) => [limit.policy, limit])).values()];
}

function limitOf({ policy, kind, limit, windowMs }: GateDescriptor): Limit {
  return { policy, kind, limit, ...(windowMs === undefined ? {} : { windowMs }) };
}
