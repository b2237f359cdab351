import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { compareInFlight, countInFlight, droppable } from "../../../generator/lock/in-flight.ts";
import { emptyLock, type Lock } from "../../../generator/lock/lock.ts";
import { policyOf } from "../../../generator/lock/policy.ts";
import type { JobModel } from "../../../generator/model/model.ts";
import type { NewJob, Provider } from "../../../runtime/contract/index.ts";
import { createUuidV7 } from "../../../runtime/core/uuid.ts";
import { createMemoryProvider } from "../../../runtime/providers/memory/index.ts";
import { contractOfInput } from "./support.ts";

const model = (name: string, version: number, input: z.ZodType): JobModel => ({
  name,
  version,
  queue: "default",
  priority: 0,
  retry: { maxAttempts: 1, backoff: { kind: "fixed", delayMs: 0, jitter: "none" } },
  timeoutMs: 1_000,
  maxCrashes: 1,
  docs: {},
  input: { in: { kind: "unknown" }, out: { kind: "unknown" } },
  contract: contractOfInput(input),
});

const locked = (job: JobModel): Lock["jobs"][string]["versions"][string] => ({
  contract: job.contract,
  policy: policyOf(job),
});

const newId = createUuidV7();

function newJob(name: string, version: number): NewJob {
  return { id: newId(), name, version, queue: "default", priority: 0, maxCrashes: 1, payload: "{}" };
}

describe("the jobs of a store", () => {
  let provider: Provider;
  const one = model("mail", 1, z.object({ to: z.string() }));
  const two = model("mail", 2, z.object({ to: z.number() }));
  const lock: Lock = { ...emptyLock, jobs: { mail: { versions: { 1: locked(one), 2: locked(two) } } } };

  beforeEach(async () => {
    provider = createMemoryProvider();
    await provider.start();
  });

  afterEach(() => provider.stop());

  it("are counted by job and version, over all pages, without those that are final", async () => {
    const jobs = Array.from({ length: 1_500 }, () => newJob("mail", 1));
    const [cancelled] = jobs;
    if (!cancelled) throw new Error("there are jobs");
    // What holds flows together is no job of the schema.
    await provider.enqueue([...jobs, newJob("mail", 2), newJob("jobwright.flow", 1)]);
    await provider.cancel([cancelled.id]);
    expect(await countInFlight(provider)).toEqual([
      { job: "mail", version: 1, count: 1_499 },
      { job: "mail", version: 2, count: 1 },
    ]);
  });

  it("are compared by what their version stored, and only those that are there", async () => {
    expect(compareInFlight(lock, [two], await countInFlight(provider))).toEqual([]);
    await provider.enqueue([newJob("mail", 1)]);
    expect(compareInFlight(lock, [two], await countInFlight(provider))).toMatchObject([
      { rule: "TYPE_CHANGED", severity: "breaking", version: 1, path: ["input", "to"] },
    ]);
  });

  it("fit if a function carries them forward, also those of a version that the lock does not have", async () => {
    await provider.enqueue([newJob("mail", 1), newJob("mail", 2)]);
    const third = { ...model("mail", 3, z.object({ to: z.bigint() })), upgrades: [1] };
    expect(compareInFlight(emptyLock, [third], await countInFlight(provider))).toMatchObject([
      { rule: "VERSION_NOT_LOCKED", version: 2 },
    ]);
  });

  it("are breaking if the function is gone that carried them forward, though they could be read", async () => {
    const carried: Lock = { ...emptyLock, jobs: { mail: { versions: { 1: { ...locked(two), upgraded: true } } } } };
    await provider.enqueue([newJob("mail", 1)]);
    expect(compareInFlight(carried, [two], await countInFlight(provider))).toMatchObject([
      { rule: "JOB_UPGRADE_REMOVED", severity: "breaking", version: 1, note: "1 in flight." },
    ]);
    expect(compareInFlight(carried, [{ ...two, upgrades: [1] }], await countInFlight(provider))).toEqual([]);
  });

  it.each([
    ["of a job that is gone", newJob("gone", 1), "JOB_DELETED"],
    ["of a version to come", newJob("mail", 3), "JOB_VERSION_DECREASED"],
  ])("%s would wait for ever", async (_, job, rule) => {
    await provider.enqueue([job]);
    expect(compareInFlight(lock, [two], await countInFlight(provider))).toMatchObject([{ rule, severity: "breaking" }]);
  });

  it("tell which old versions can go", async () => {
    expect(droppable(lock, [two], await countInFlight(provider))).toEqual([{ job: "mail", version: 1, count: 0 }]);
    await provider.enqueue([newJob("mail", 1)]);
    expect(droppable(lock, [two], await countInFlight(provider))).toEqual([]);
  });
});
