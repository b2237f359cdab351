import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ZodType } from "zod";
import { type Answer, subsumes } from "../../../generator/lock/subsumes.ts";
import { schemaPairs } from "./pairs.ts";
import { contractOfInput } from "./support.ts";

/** Whether `reader` accepts what `writer` stores. */
function answer(writer: ZodType, reader: ZodType): Answer {
  const [emit, accept] = [writer, reader].map((schema) => {
    const { input, types = {} } = contractOfInput(schema);
    return { node: input, types };
  });
  if (!emit || !accept) throw new Error("two schemas make two contracts");
  return subsumes(accept, emit);
}

/** zod throws where the two halves of an intersection cannot be merged. */
function accepts(schema: ZodType, value: unknown): boolean {
  try {
    return schema.safeParse(value).success;
  } catch {
    return false;
  }
}

function described(writer: ZodType, reader: ZodType, value: unknown): string {
  const [emit, accept] = [writer, reader].map((schema) => JSON.stringify(contractOfInput(schema)));
  return `stored ${JSON.stringify(value)}\nby ${emit}\nrefused by ${accept}`;
}

describe("what is called safe", () => {
  it("is accepted by zod, whatever the writer stores", () => {
    let tried = 0;
    const run = fc.check(
      fc.property(
        schemaPairs(2).chain((pair) =>
          fc.tuple(fc.constant(pair), fc.array(pair.values, { minLength: 1, maxLength: 8 })),
        ),
        ([{ writer, reader }, values]) => {
          if (answer(writer, reader).verdict !== "yes") return;
          for (const value of values) {
            if (value === undefined) continue;
            const stored: unknown = JSON.parse(JSON.stringify(value));
            // An undefined that a codec would have to restore is another test's affair.
            if (!accepts(writer, value) || !accepts(writer, stored)) continue;
            tried++;
            if (!accepts(reader, stored)) throw new Error(described(writer, reader, stored));
          }
        },
      ),
      { numRuns: 3000 },
    );
    // Schemas print as pages of internals.
    expect(run.errorInstance instanceof Error ? run.errorInstance.message : "").toBe("");
    // A property that no value ever reached proves nothing.
    expect(tried).toBeGreaterThan(500);
  });

  it("holds of every contract with itself, unless code decides about what is absent", () => {
    const run = fc.check(
      fc.property(schemaPairs(2), ({ writer }) => {
        if (answer(writer, writer).verdict === "no") throw new Error(described(writer, writer, null));
      }),
      { numRuns: 500 },
    );
    expect(run.errorInstance instanceof Error ? run.errorInstance.message : "").toBe("");
  });
});
