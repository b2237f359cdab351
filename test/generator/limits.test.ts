import { beforeAll, describe, expect, it } from "vitest";
import type { Diagnostic } from "../../generator/index.ts";
import { defineJobs, job } from "../../runtime/schema/index.ts";
import { diagnosticsOf, imports, refusal, report } from "./support/problems.ts";
import { z } from "zod";

/** What, the options of a job, a part of the message. */
const wrong: readonly (readonly [name: string, options: string, message: string])[] = [
  ["no job at a time", "concurrency: 0", "concurrency.limit is 0"],
  ["half a job at a time", "concurrency: { limit: 1.5 }", "concurrency.limit is 1.5"],
  ["a text for a number", 'concurrency: "5"', 'concurrency is "5", not an object'],
  ["a limit without its number", 'concurrency: { by: ["a"] }', "concurrency.limit is missing"],
  ["a list without limits", "concurrency: []", "concurrency has no limit in its list"],
  ["two limits for the whole", "concurrency: [1, { limit: 2 }]", "concurrency has two limits for the whole"],
  [
    "two limits by key",
    'concurrency: [{ limit: 1, by: ["a"] }, { limit: 2, by: [] }]',
    "concurrency has two limits by key",
  ],
  ["a wrong element of a list", "concurrency: [1, { limit: 0, by: [] }]", "concurrency[1].limit is 0"],
  ["a time in a concurrency limit", 'concurrency: { limit: 1, per: "1m" }', "concurrency.per is not an option"],
  ["a rate without its time", "rateLimit: { limit: 5 }", "rateLimit.per is missing"],
  ["a rate without its number", 'rateLimit: { per: "1m" }', "rateLimit.limit is missing"],
  ["a rate in no time", 'rateLimit: { limit: 5, per: "0s" }', "rateLimit.per is shorter than 1 ms"],
  ["a rate that is a number", "rateLimit: 5", "rateLimit is 5, not an object"],
  ["an order without a key", "order: {}", "order.by is missing"],
  ["an order that is true", "order: true", "order is true, not an object"],
  ["a key that is no list", 'order: { by: "a" }', 'order.by is "a"'],
  ["a misspelt option", "fairness: { by: [], shares: 5 }", "fairness.shares is not an option"],
  ["a share of nothing", "fairness: { by: [], share: 0 }", "fairness.share is 0"],
  ["another share in the same queue", 'fairness: { by: [], share: 5 }, queue: "shared"', "in the same queue is 3"],
  ["lines that cannot be counted", "keepLogs: 1_001", "keepLogs is 1001"],
  ["room for nobody", "maxWaiting: 0", "maxWaiting is 0"],
  ["a batch of jobs that run alone", "concurrency: 1, batch: { size: 5 }", "batch never has more than one job"],
  ["a batch of jobs in one order", "order: { by: [] }, batch: { size: 5 }", "batch never has more than one job"],
  ["a batch in a queue of one", 'queue: "single", batch: { size: 5 }', "queue:single.concurrency lets one run"],
];

const right: readonly (readonly [name: string, options: object])[] = [
  ["a number", { concurrency: 5 }],
  ["a number in a list", { concurrency: [5] }],
  ["a batch of many keys", { concurrency: [{ limit: 1, by: ["a"] }, 5], batch: { size: 5 } }],
  ["a batch of the first of each key", { order: { by: ["a"] }, fairness: { by: [] }, batch: { size: 5 } }],
  [
    "two rates",
    {
      rateLimit: [
        { limit: 1, per: "1s" },
        { limit: 1, per: "1d", by: ["a"] },
      ],
    },
  ],
  ["the same key thrice", { order: { by: ["a"] }, concurrency: { limit: 1, by: ["a"] }, unique: { by: ["a"] } }],
];

const schema = (jobs: readonly string[], queues: string): string =>
  `${imports}export default defineJobs({
  first: job({ input: z.string(), queue: "shared", fairness: { by: [], share: 3 } }),
  second: job({ input: z.string(), queue: "single" }),
${jobs.map((options, index) => `  job${index}x: job({ input: z.object({ a: z.string() }), ...({ ${options} } as object) }),\n`).join("")}
}, { queues: ${queues} } as never);
`;

describe("limits of a schema", () => {
  let refused: readonly Diagnostic[];

  beforeAll(async () => {
    // All in one file, a job each: every load is a process.
    const jobs = wrong.map(([, options]) => options);
    refused = diagnosticsOf(await refusal(schema(jobs, "{ single: { concurrency: 1 } }")));
  });

  it.each(wrong.map(([name, , message], index) => [name, message, index] as const))(
    "are refused: %s",
    (_, message, index) => {
      const own = refused.filter(({ job: name }) => name === `job${index}x`);
      expect(own.map((one) => [one.code, one.message])).toEqual([
        ["JW_SCHEMA_INVALID", expect.stringContaining(message)],
      ]);
    },
  );

  it("are refused at their place", async () => {
    const error = await refusal(`${imports}export default defineJobs({
  sync: job({
    input: z.object({ a: z.string() }),
    concurrency: [5, { limit: 0, by: ["a"] }],
  }),
});
`);
    expect(report(error)).toMatchInlineSnapshot(`
      "JW_SCHEMA_INVALID jobs.schema.ts:6:24
      sync.concurrency[1].limit is 0.
        4 |   sync: job({
        5 |     input: z.object({ a: z.string() }),
      > 6 |     concurrency: [5, { limit: 0, by: ["a"] }],
          |                        ^
        7 |   }),
      → Give an integer from 1 to 1000000000.
      "
    `);
  });

  it.each([
    ["a queue that no job uses", { mial: { concurrency: 1 } }, "queues.mial is a queue that no job uses", "mail"],
    ["an option that queues lack", { mail: { order: {} } }, "queues.mail.order is not an option", "concurrency"],
    ["a queue that is a number", { mail: 5 }, "queues.mail is 5, not an object", "options"],
    ["no jobs at a time", { mail: { concurrency: 0 } }, "queues.mail.concurrency is 0", "integer"],
    ["a rate without its time", { mail: { rateLimit: { limit: 1 } } }, "queues.mail.rateLimit.per is missing", "time"],
    ["a list of queues", ["mail"], "queues is an array", "defineJobs"],
  ])("of queues are refused: %s", (_, queues, message, hint) => {
    const make = (): unknown =>
      defineJobs({ send: job({ input: z.string(), queue: "mail" }) }, { queues: queues as never });
    const problem = expect.objectContaining({
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(make).toThrow(expect.objectContaining({ code: "JW_SCHEMA_INVALID", details: { problems: [problem] } }));
  });

  it("of queues are refused under another name", () => {
    const make = (): unknown => defineJobs({ send: job({ input: z.string() }) }, { queue: {} } as never);
    expect(make).toThrow("defineJobs.queue is not an option");
  });

  it.each(right)("are accepted: %s", (_, options) => {
    expect(() => defineJobs({ one: job({ input: z.object({ a: z.string() }), ...options }) })).not.toThrow();
  });

  it("come in the order of their gates, those of the queue last", () => {
    const schema = defineJobs(
      {
        one: job({
          input: z.object({ a: z.string() }),
          rateLimit: { limit: 1, per: "1s" },
          concurrency: [5, { limit: 1, by: ["a"] }],
          order: { by: ["a"] },
        }),
        plain: job({ input: z.string(), queue: "other" }),
      },
      { queues: { default: { concurrency: 9 } } },
    );
    expect(schema.jobs.one.gates?.map(({ policy }) => policy)).toEqual([
      "one.order",
      "one.concurrency.key",
      "one.concurrency",
      "one.rateLimit",
      "queue:default.concurrency",
    ]);
    expect(schema.jobs.plain).not.toHaveProperty("gates");
  });
});
