import { deepEqual, equal, notEqual } from "node:assert/strict";
import type {
  ClaimedJob,
  ClaimRequest,
  Gate,
  JobRecord,
  JobState,
  NewJob,
  Provider,
  PruneRequest,
  StoredError,
} from "../../contract/index.ts";
import type { ConformanceContext } from "../conformance.ts";

/** The steps that cases are told in. */

export const second = 1_000;
export const leaseMs = 30 * second;
export const hour = 3_600 * second;
export const failure: StoredError = {
  name: "Closed",
  message: "the post office is closed",
  data: '{"Closed":{"until":"8:00"}}',
};

/** Everything that is final, at once. */
export const pruneAll: PruneRequest = {
  retentionMs: { succeeded: 0, dead: 0, cancelled: 0, skipped: 0 },
  limit: 1_000,
};

let claims = 0;

/** A claim of `mail` by worker `w1` with a claim id of its own. */
export function claimRequest(overrides: Partial<ClaimRequest> & { readonly limit?: number } = {}): ClaimRequest {
  const { limit = 1_000, ...rest } = overrides;
  return {
    claimId: `claim-${++claims}`,
    workerId: "w1",
    leaseMs,
    lanes: [{ queue: "mail", limit, handles: [{ name: "mail", maxVersion: 1 }] }],
    ...rest,
  };
}

export async function claimOne(provider: Provider, overrides: Partial<ClaimRequest> = {}): Promise<ClaimedJob> {
  const [job] = await provider.claim(claimRequest({ limit: 1, ...overrides }));
  if (!job) throw new Error("the claim returned no job");
  return job;
}

export async function recordOf(provider: Provider, id: string): Promise<JobRecord> {
  const record = await provider.get(id);
  if (!record) throw new Error(`job ${id} is gone`);
  return record;
}

export async function stateOf(provider: Provider, id: string): Promise<JobState | undefined> {
  return (await provider.get(id))?.state;
}

export async function expectState(provider: Provider, id: string, state: JobState): Promise<void> {
  equal(await stateOf(provider, id), state);
}

/** One provider and one job in it. */
export async function givenJob(
  context: ConformanceContext,
  overrides: Partial<NewJob> = {},
): Promise<{ readonly provider: Provider; readonly id: string }> {
  const provider = await context.createProvider();
  const job = context.newJob(overrides);
  await provider.enqueue([job]);
  return { provider, id: job.id };
}

/** One provider and one claimed job in it. */
export async function givenClaim(
  context: ConformanceContext,
  overrides: Partial<NewJob> = {},
): Promise<{ readonly provider: Provider; readonly id: string; readonly lease: ClaimedJob }> {
  const { provider, id } = await givenJob(context, overrides);
  return { provider, id, lease: await claimOne(provider) };
}

/** A gate of which one job may hold the only place. */
export function gate(overrides: Partial<Gate> = {}): Gate {
  return { policy: "mail.limit", key: "mail.limit:ada", kind: "concurrency", level: 1, limit: 1, ...overrides };
}

/** One provider and one job in it that waits behind another. */
export async function givenBlocked(
  context: ConformanceContext,
  overrides: Partial<NewJob> = {},
): Promise<{ readonly provider: Provider; readonly id: string; readonly first: string }> {
  const provider = await context.createProvider();
  const holder = context.newJob({ gates: [gate()] });
  await provider.enqueue([holder]);
  const job = first(await provider.enqueue([context.newJob({ gates: [gate()], ...overrides })]));
  equal(job.state, "blocked");
  return { provider, id: job.id, first: holder.id };
}

/** A job whose worker vanished and whose lease was reaped. */
export async function givenLapse(
  context: ConformanceContext,
  overrides: Partial<NewJob> = {},
): Promise<{ readonly provider: Provider; readonly id: string; readonly lease: ClaimedJob }> {
  const claim = await givenClaim(context, overrides);
  context.clock.advance(leaseMs + 1);
  await claim.provider.reap(10);
  return claim;
}

/** `action` must not change what the store knows of the job. */
export async function expectUnchanged(provider: Provider, id: string, action: () => Promise<unknown>): Promise<void> {
  const before = await recordOf(provider, id);
  await action();
  deepEqual(await recordOf(provider, id), before);
}

export function idsOf(jobs: readonly { readonly id: string }[]): readonly string[] {
  return jobs.map(({ id }) => id);
}

export function expectOnce(ids: readonly string[], expected: readonly string[]): void {
  equal(new Set(ids).size, ids.length, "a job was handed out twice");
  deepEqual([...ids].sort(), [...expected].sort());
}

/** The first of a list that must not be empty. */
export function first<T>(values: readonly T[]): T {
  const [value] = values;
  notEqual(value, undefined);
  return value as T; // Checked above; assert's own narrowing does not reach generics.
}
