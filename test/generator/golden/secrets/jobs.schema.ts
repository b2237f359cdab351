import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

const secret = z.string().meta({ sensitive: true });

const Person = z.object({
  name: z.string(),
  get children() {
    return z.array(Person);
  },
  ssn: secret.optional(),
});

export default defineJobs({
  /** Everything that can hold a mark. */
  everywhere: job({
    input: z.object({
      /** The mark changes no type. */
      password: secret.min(8),
      trimmed: secret.trim().nullable().default(null),
      card: z.object({ number: z.string(), cvc: z.string() }).meta({ sensitive: true }).optional(),
      plain: z.string().meta({ sensitive: false }),
      list: z.array(z.object({ token: secret, n: z.number() })),
      set: z.set(secret),
      map: z.map(z.string(), secret),
      hidden: z.map(secret, z.number()),
      record: z.record(z.string(), secret),
      keys: z.record(secret, z.number()),
      tuple: z.tuple([z.string(), secret], secret),
      dotted: z.object({ "a.b": secret, n: z.number() }),
      option: z.discriminatedUnion("type", [
        z.object({ type: z.literal("card"), number: secret }),
        z.object({ type: z.literal("cash"), amount: z.number() }),
      ]),
      both: z.intersection(z.object({ left: secret }), z.object({ right: secret })),
      parsed: z
        .string()
        .transform((text) => ({ token: text }))
        .pipe(z.object({ token: secret })),
      url: z.templateLiteral(["https://", secret, "@example.com"]),
      later: z.lazy(() => z.object({ token: secret })),
      rest: z.object({ id: z.string() }).catchall(secret),
    }),
    output: z.object({ receipt: z.string(), token: secret }),
    errors: { Declined: z.object({ code: z.int(), reply: secret }), Late: z.object({}) },
  }),

  /** A path has an end, so what recurs is redacted as a whole. */
  recursive: job({ input: Person }),

  /** The whole value. */
  whole: job({ input: z.object({ token: z.string() }).meta({ sensitive: true }), output: secret }),

  /** Encrypted at rest. */
  encrypted: job({ input: z.object({ iban: z.string() }), encrypted: true, unique: { by: ["iban"] } }),

  /** Neither. */
  open: job({ input: z.object({ id: z.string() }) }),
});
