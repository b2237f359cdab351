import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

const Event = z.discriminatedUnion("type", [
  z.object({ type: z.literal("opened"), at: z.date() }),
  z.object({ type: z.literal(["clicked", "shared"]), at: z.date(), links: z.set(z.url()) }),
  z.object({ type: z.literal("ignored") }),
]);

export const Comment = z.object({
  at: z.date(),
  get replies() {
    return z.array(Comment);
  },
});

export default defineJobs({
  everything: job({
    input: z.object({
      day: z.coerce.date(),
      amount: z.bigint(),
      ratio: z.union([z.number(), z.nan()]),
      scores: z.map(z.string(), z.map(z.bigint(), z.date())),
      tags: z.set(z.string()).readonly(),
      raw: z.instanceof(Uint8Array).optional(),
      when: z.union([z.date(), z.literal("never"), z.array(z.date()), z.object({ after: z.date() })]).nullable(),
      pair: z.tuple([z.date(), z.string().optional()]),
      dates: z.record(z.string(), z.date()),
      extra: z.unknown(),
      events: z.array(Event),
      "odd key": z.date(),
      ["__proto__"]: z.date().optional(),
    }),
    output: z.looseObject({ at: z.date() }),
  }),
  comment: job({ input: Comment, output: z.date().nullable() }),
  convert: job({
    input: z.object({
      url: z.codec(z.url(), z.instanceof(URL), { decode: (text) => new URL(text), encode: (url) => url.href }),
      price: z.string().transform((text) => ({ cents: Number(text) })).meta({ tsType: "Money", import: "./money.ts" }),
      count: z.coerce.number(),
      flag: z.stringbool(),
      user: z.string().brand<"UserId">().meta({ brand: "UserId" }),
    }),
  }),
});
