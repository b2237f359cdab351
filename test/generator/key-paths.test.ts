import { beforeAll, describe, expect, it } from "vitest";
import { diagnosticsOf, imports, refusal, report } from "./support/problems.ts";
import { createProject } from "./support/project.ts";
import { type Diagnostic, generate } from "../../generator/index.ts";

const types = `
const Address = z.object({ city: z.string(), zip: z.string() }).brand("Address");
const Node = z.object({ id: z.string(), get next() { return Node.optional(); } });
const Event = z.discriminatedUnion("type", [
  z.object({ type: z.literal("user"), userId: z.string() }),
  z.object({ type: z.literal("order"), order: z.object({ no: z.int() }) }),
]);
`;

/** What, the input schema, a path that it has. */
const right: readonly (readonly [name: string, zod: string, path: string])[] = [
  ["a field", "z.object({ a: z.string() })", "a"],
  ["a whole object", "z.object({ a: Address })", "a"],
  ["a field of an optional object", "z.object({ a: Address.optional() })", "a.city"],
  ["a field of a nullable object with a default", "z.object({ a: Address.nullable().default(null) })", "a.city"],
  ["a field of a readonly object", "z.object({ a: Address }).readonly()", "a.zip"],
  ["a field behind a reference", "z.object({ a: Node })", "a.next.next.next.id"],
  ["a field that one case has", "Event", "order.no"],
  ["the field that tells the cases apart", "Event", "type"],
  ["a field of either side of an intersection", "z.object({ a: z.string() }).and(z.object({ b: Address }))", "b.city"],
  ["a key of a record", "z.object({ a: z.record(z.string(), Address) })", "a.home.city"],
  ["a listed key of a record", 'z.record(z.enum(["home", "work"]), Address)', "work.city"],
  ["anything in anything", "z.object({ a: z.any(), b: z.unknown() })", "b.c.d"],
  ["another key of a loose object", "z.looseObject({ a: z.string() })", "b.c"],
  ["the stored side of a codec", "z.object({ a: z.string().transform((t) => t.length).pipe(z.number()) })", "a"],
  ["a field before a transform", "z.object({ a: z.preprocess((v) => v, Address) })", "a.city"],
];

/** What, the input schema, a path that it lacks, what is said. */
const wrong: readonly (readonly [name: string, zod: string, path: string, message: string, hint: string])[] = [
  [
    "a misspelt field",
    "z.object({ userId: z.string() })",
    "usrId",
    'the input has no field "usrId"',
    'Did you mean "userId"?',
  ],
  [
    "a misspelt field of a field",
    "z.object({ a: Address })",
    "a.citty",
    'a of the input has no field "citty"',
    'Did you mean "a.city"?',
  ],
  ["a field that is nothing like one", "z.object({ a: Address })", "a.x", '"x"', "There are city, zip; "],
  ["a field of a text", "z.object({ a: z.string() })", "a.length", '"length"', "Nothing can be picked out of it"],
  ["a field of a date", "z.object({ a: z.date() })", "a.time", '"time"', "Nothing can be picked out of it"],
  ["an element of a list", "z.object({ a: z.array(Address) })", "a.0", '"0"', "Nothing can be picked out of it"],
  ["a key of a map", "z.object({ a: z.map(z.string(), Address) })", "a.b", '"b"', "Nothing can be picked out of it"],
  ["a field that no case has", "Event", "order.number", '"number"', "There are no; "],
  ["a key that a record does not list", 'z.record(z.enum(["home", "work"]), Address)', "hom", '"hom"', '"home"'],
  [
    "a field behind a reference",
    "z.object({ a: Node })",
    "a.next.nxt.id",
    'a.next of the input has no field "nxt"',
    '"a.next.next"',
  ],
  ["a field with a dot in its name", 'z.object({ "a.b": z.string() })', "a.b", '"a"', "There are a.b; "],
  ["a field of an input that is no object", "z.string()", "a", '"a"', "Nothing can be picked out of it"],
  ["a strict object's other key", "z.strictObject({ a: z.string() })", "b", '"b"', '"a"'],
];

const schema = (jobs: readonly string[]): string =>
  `${imports}${types}export default defineJobs({\n${jobs.map((job, index) => `  job${index}x: job(${job}),\n`).join("")}});\n`;

describe("paths that make a key", () => {
  let refused: readonly Diagnostic[];

  beforeAll(async () => {
    // All in one file, a job each: every load is a process.
    const jobs = wrong.map(([, zod, path]) => `{ input: ${zod}, unique: { by: ["${path}" as never] } }`);
    refused = diagnosticsOf(await refusal(schema(jobs)));
  });

  it("are accepted where an input can have them", async () => {
    const jobs = right.map(([, zod, path]) => `{ input: ${zod}, unique: { by: ["${path}" as never] } }`);
    using project = createProject({ "jobs.schema.ts": schema(jobs) });
    const { jobs: count } = await generate({ cwd: project.folder });
    expect(count).toBe(right.length);
  });

  it.each(wrong.map(([name, , path, message, hint], index) => [name, path, message, hint, index] as const))(
    "are refused: %s",
    (_, path, message, hint, index) => {
      const [own, ...others] = refused.filter(({ job }) => job === `job${index}x`);
      expect(others).toEqual([]);
      expect(own?.code).toBe("JW_SCHEMA_INVALID");
      expect(own?.message).toContain(`job${index}x.unique.by[0] is "${path}", but `);
      expect(own?.message).toContain(message);
      expect(own?.hint).toContain(hint);
    },
  );

  it("are refused in limits, whichever option and element of a list has them", async () => {
    const error = await refusal(`${imports}
export default defineJobs({
  sync: job({
    input: z.object({ user: z.object({ id: z.string() }), page: z.string() }),
    concurrency: [5, { limit: 1, by: ["user.ip" as never] }],
    rateLimit: { limit: 1, per: "1m", by: ["page", "usr" as never] },
    order: { by: ["user.id", "pge" as never] },
    fairness: { by: ["tenant" as never] },
  }),
  fine: job({ input: z.object({ a: z.string() }), concurrency: { limit: 1, by: ({ a }) => a }, order: { by: [] } }),
});
`);
    const found = diagnosticsOf(error).map(({ line, column, message }) => `${line}:${column} ${message}`);
    expect(found.sort()).toEqual([
      '10:22 sync.fairness.by[0] is "tenant", but the input has no field "tenant".',
      '7:39 sync.concurrency[1].by[0] is "user.ip", but user of the input has no field "ip".',
      '8:52 sync.rateLimit.by[1] is "usr", but the input has no field "usr".',
      '9:30 sync.order.by[1] is "pge", but the input has no field "pge".',
    ]);
  });

  it("are refused at their place, under each of the three names", async () => {
    const error = await refusal(`${imports}
export default defineJobs({
  search: job({
    input: z.object({ query: z.string(), user: z.object({ id: z.string() }) }),
    debounce: {
      by: ["query", "user.ip"],
      wait: "1s",
    },
  }),
  remind: job({ input: z.object({ user: z.string() }), throttle: { by: ["usr"], per: "1h" } }),
});
`);
    expect(report(error)).toMatchInlineSnapshot(`
      "JW_SCHEMA_INVALID jobs.schema.ts:8:21
      search.debounce.by[1] is "user.ip", but user of the input has no field "ip".
        6 |     input: z.object({ query: z.string(), user: z.object({ id: z.string() }) }),
        7 |     debounce: {
      > 8 |       by: ["query", "user.ip"],
          |                     ^
        9 |       wait: "1s",
      → Did you mean "user.id"?

      JW_SCHEMA_INVALID jobs.schema.ts:12:73
      remind.throttle.by[0] is "usr", but the input has no field "usr".
        10 |     },
        11 |   }),
      > 12 |   remind: job({ input: z.object({ user: z.string() }), throttle: { by: ["usr"], per: "1h" } }),
           |                                                                         ^
        13 | });
      → Did you mean "user"?
      "
    `);
  });
});
