/**
 * What a child does while it waits for the schema to change. Node compiles code that has run often, so a sample goes the way
 * that the schema will go. It leaves no trace: nothing is registered with zod, and nothing of it is kept.
 */
import { setImmediate } from "node:timers/promises";
import type { z } from "zod";

/** Ends early when the schema has changed: running it comes first then. */
export async function warmUp(
  describe: (module: unknown, path: string) => unknown,
  isOver: () => boolean,
): Promise<void> {
  // Most schemas import both, and both take their time.
  const [zod, { defineJobs, job }] = await Promise.all([import("zod"), import("../../runtime/schema/index.ts")]);
  for (let round = 0; round < rounds; round++) {
    // The message that ends the wait comes in between two rounds.
    await setImmediate();
    if (isOver()) return;
    const names = Array.from({ length: 12 }, (_, index) => `sample${index}`);
    const schema = defineJobs(
      Object.fromEntries(names.map((name, index) => [name, job({ ...sample(zod.z, index), queue: `q${index}` })])),
    );
    describe({ default: schema }, import.meta.filename);
  }
}

const rounds = 80;

type Zod = typeof z;

/** Shapes that many schemas have. */
function sample(z: Zod, index: number) {
  const output = z.object({ ok: z.boolean(), count: z.int(), at: z.date().nullable() });
  const line = z.object({ sku: z.string().min(1), count: z.int().positive(), price: z.number() });
  const inputs = [
    z.object({
      to: z.email(),
      subject: z.string().max(200),
      cc: z.array(z.email()).optional(),
      priority: z.enum(["low", "high"]).default("low"),
      id: z.uuid(),
    }),
    z.object({
      order: z.object({ id: z.uuid(), lines: z.array(line) }),
      meta: z.record(z.string(), z.string()),
      total: z.bigint(),
    }),
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("card"), last4: z.string() }),
      z.object({ kind: z.literal("bank"), iban: z.string() }),
    ]),
    z.strictObject({ url: z.url(), body: z.union([z.string(), z.record(z.string(), z.number())]).optional() }),
  ];
  return { input: inputs[index % inputs.length] ?? line, output };
}
