import { describe, expect, it } from "vitest";
import type { JobRecord } from "../../runtime/contract/index.ts";
import type { Kind } from "./load-schema.ts";
import { type Evidence, judge } from "./verdict.ts";

const record = (state: JobRecord["state"], fence: number, output?: string): JobRecord => ({
  id: "a",
  name: "load",
  queue: "load",
  version: 1,
  state,
  priority: 0,
  attempt: 1,
  crashes: 0,
  fence,
  runAt: 0,
  enqueuedAt: 0,
  startedAt: 1,
  finishedAt: state === "running" ? undefined : 2,
  workerId: undefined,
  leaseUntil: undefined,
  cancelRequested: false,
  progress: undefined,
  blockedBy: undefined,
  reason: undefined,
  payload: "{}",
  output,
  error: undefined,
});

const evidence = (records: readonly JobRecord[], settled: Evidence["settled"], kind: Kind = "nothing"): Evidence => ({
  accepted: new Map([["a", kind]]),
  settled,
  records,
});

const good = { lost: [], settledTwice: [], wrong: [] };

describe("the verdict on a load", () => {
  it("is good for a job that ended as it was settled", () => {
    expect(judge(evidence([record("succeeded", 2, '{"fence":2}')], [{ id: "a", fence: 2 }]))).toEqual(good);
  });

  it("is good for a job whose confirmation nobody saw", () => {
    expect(judge(evidence([record("succeeded", 2, '{"fence":2}')], []))).toEqual(good);
  });

  it("names a job that is gone, and one that never ended", () => {
    expect(judge(evidence([], [])).lost).toEqual(["a"]);
    expect(judge(evidence([record("running", 1)], [])).lost).toEqual(["a"]);
  });

  it("names a job that was settled by two holders, by one twice, or by one and an operator", () => {
    const kept = [record("succeeded", 2, '{"fence":2}')];
    for (const other of [{ id: "a", fence: 1 }, { id: "a", fence: 2 }, { id: "a" }]) {
      expect(judge(evidence(kept, [{ id: "a", fence: 2 }, other])).settledTwice).toEqual(["a"]);
    }
  });

  it("names a job that is kept with another end than the confirmed one", () => {
    expect(judge(evidence([record("succeeded", 2, '{"fence":2}')], [{ id: "a", fence: 1 }])).settledTwice).toEqual([
      "a",
    ]);
    expect(judge(evidence([record("succeeded", 2, '{"fence":1}')], [{ id: "a", fence: 2 }])).settledTwice).toEqual([
      "a",
    ]);
    expect(judge(evidence([record("succeeded", 2, '{"fence":2}')], [{ id: "a" }])).settledTwice).toEqual(["a"]);
  });

  it("names a job that ended otherwise than its kind has to", () => {
    expect(judge(evidence([record("dead", 2)], [])).wrong).toEqual(["a"]);
    expect(judge(evidence([record("succeeded", 2)], [], "hopeless")).wrong).toEqual(["a"]);
    expect(judge(evidence([record("cancelled", 0)], [], "cancelled"))).toEqual(good);
  });
});
