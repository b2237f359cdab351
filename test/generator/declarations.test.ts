import { describe, expect, it } from "vitest";
import { z } from "zod";
import { JobwrightError } from "../../runtime/contract/errors.ts";
import { defineJobs, job } from "../../runtime/schema/index.ts";
import type { SchemaProblem } from "../../runtime/schema/problems.ts";

/** What plain JavaScript may hand over, and what is said about it. */
function problemsOf(declarations: unknown): readonly SchemaProblem[] {
  try {
    defineJobs(declarations as never);
  } catch (error) {
    if (JobwrightError.is(error)) return error.details["problems"] as readonly SchemaProblem[]; // put there by defineJobs
    throw error;
  }
  return [];
}

const input = z.string();
const withOptions = (options: object): readonly SchemaProblem[] => problemsOf({ a: job({ input, ...options }) });

describe("a declaration that can never take effect", () => {
  it.each<readonly [what: string, options: object, path: string, message: string]>([
    ["an unknown option", { queu: "x" }, "queu", "is not an option"],
    ["a queue with a space", { queue: "a b" }, "queue", "cannot name a queue"],
    ["a priority out of range", { priority: 40_000 }, "priority", "40000"],
    ["a priority with a fraction", { priority: 0.5 }, "priority", "0.5"],
    ["version 0", { version: 0 }, "version", "0"],
    ["no crash at all", { maxCrashes: 0 }, "maxCrashes", "0"],
    ["a timeout without a unit", { timeout: "30" }, "timeout", "not a duration"],
    ["a timeout of nothing", { timeout: "0s" }, "timeout", "shorter than 1 ms"],
    ["a timeout beyond every timer", { timeout: "30d" }, "timeout", "longer than 24 days"],
    ["an unknown retry option", { retry: { attempts: 3 } }, "retry.attempts", "is not an option"],
    ["no attempt at all", { retry: { maxAttempts: 0 } }, "retry.maxAttempts", "0"],
    ["an unknown backoff", { retry: { backoff: "linear" } }, "retry.backoff", "linear"],
    ["an unknown jitter", { retry: { jitter: "some" } }, "retry.jitter", "some"],
    ["a delay with a single attempt", { retry: { maxAttempts: 1, delay: "1s" } }, "retry.delay", "has no effect"],
    [
      "a factor with a fixed delay",
      { retry: { backoff: "fixed", factor: 2 } },
      "retry.factor",
      'does not go with backoff "fixed"',
    ],
    ["a first delay beyond the longest", { retry: { delay: "2h" } }, "retry.delay", "longer than maxDelay"],
    [
      "delays that are never reached",
      { retry: { maxAttempts: 2, backoff: "list", delays: ["1s", "2s"] } },
      "retry.delays",
      "only 1 wait can happen",
    ],
    ["a list without delays", { retry: { backoff: "list", delays: [] } }, "retry.delays", "delays"],
    ["a retry deadline of nothing", { retry: { for: "0s" } }, "retry.for", "shorter than 1 ms"],
    ["a retry deadline with a single attempt", { retry: { maxAttempts: 1, for: "1d" } }, "retry.for", "has no effect"],
    ["an expiry of nothing", { expireAfter: "0s" }, "expireAfter", "shorter than 1 ms"],
    ["errors that are no object", { errors: ["Bounced"] }, "errors", "not an object"],
    ["an error with a small letter", { errors: { bounced: input } }, "errors.bounced", "no name for an error"],
    ["an error that exists", { errors: { TypeError: input } }, "errors.TypeError", "an error that exists"],
    ["an error without a schema", { errors: { Bounced: {} } }, "errors.Bounced", "not a zod schema"],
    ["an empty list of errors", { discardOn: [] }, "discardOn", "not a list of texts"],
    ["a list of errors that is a text", { retryOn: "Bounced" }, "retryOn", "not a list of texts"],
    ["two ways to tell errors apart", { discardOn: ["A"], retryOn: ["B"] }, "discardOn", "both given"],
    ["a batch that is a number", { batch: 100 }, "batch", "is 100, not an object"],
    ["a batch without a size", { batch: {} }, "batch.size", "is missing"],
    ["a batch of one", { batch: { size: 1 } }, "batch.size", "is 1"],
    ["a batch of more than 1,000", { batch: { size: 1_001 } }, "batch.size", "is 1001"],
    ["a batch that waits for a minute", { batch: { size: 2, wait: "1m" } }, "batch.wait", "longer than 10 s"],
    ["a batch with an unknown option", { batch: { size: 2, delay: "1s" } }, "batch.delay", "is not an option"],
    ["a batch in a transaction", { batch: { size: 2 }, transactional: true }, "batch", "transactional are both given"],
    ["transactional as a text", { transactional: "yes" }, "transactional", '"yes"'],
    ["an input that is no schema", { input: { type: "string" } }, "input", "not a zod schema"],
    ["a progress that is no schema", { input: z.string(), progress: "percent" }, "progress", "not a zod schema"],
    ["an output of zod 3", { output: { _def: {} } }, "output", "a zod 3 schema"],
  ])("is refused at its option: %s", (_, options, path, message) => {
    const problems = withOptions(options);
    expect(problems).toMatchObject([{ job: "a", path: path.split(".") }]);
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.hint).not.toBe("");
  });

  it.each([
    ["class", "taken by JavaScript"],
    ["then", "taken by JavaScript"],
    ["constructor", "taken by JavaScript"],
    ["toString", "taken by JavaScript"],
    ["SendEmail", "a small letter comes first"],
    ["send-email", "only letters and digits"],
    ["$control", "only letters and digits"],
    ["straße", "only letters and digits"],
    ["", "only letters and digits"],
    ["a".repeat(101), "101 characters"],
  ])("is refused as a name: %s", (name, message) => {
    const problems = problemsOf({ [name]: job({ input }) });
    expect(problems).toMatchObject([{ job: name, path: [] }]);
    expect(problems[0]?.message).toContain(message);
  });

  it("is refused as a second name for the same types", () => {
    expect(problemsOf({ sendEmail: job({ input }), sendemail: job({ input }) })).toMatchObject([{ job: "sendemail" }]);
  });

  it.each([
    ["nothing", undefined],
    ["a list", [job({ input })]],
    ["a class instance", new Map()],
    ["something that is no job", { a: { input } }],
    ["a job without options", { a: job(undefined as never) }],
  ])("is refused as a whole: %s", (_, declarations) => {
    expect(problemsOf(declarations)).toHaveLength(1);
  });
});

describe("a job with nothing but an input", () => {
  it("gets the defaults that the documentation names", () => {
    expect(defineJobs({ a: job({ input }) }).jobs.a).toMatchObject({
      name: "a",
      queue: "default",
      priority: 0,
      version: 1,
      timeoutMs: 600_000,
      maxCrashes: 3,
      hasOutput: false,
      retry: {
        maxAttempts: 10,
        backoff: { kind: "exponential", delayMs: 1_000, factor: 2, maxMs: 3_600_000, jitter: "equal" },
      },
    });
  });
});
