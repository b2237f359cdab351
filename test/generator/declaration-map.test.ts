import { SourceMap } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emitDeclarationMap } from "../../generator/emit/declaration-map.ts";
import type { SourceNode } from "../../generator/source/schema-source.ts";
import { noHint } from "../../generator/source/type-hints.ts";

/** A place of the schema whose members lie `step` lines and columns further on. */
function place(line: number, column: number, step: number): SourceNode {
  const next = (): SourceNode => place(line + step, column + step, step);
  return { file: "jobs.schema.ts", line, column, docs: {}, child: next, children: () => [next()], hint: () => noHint };
}

const names = fc.uniqueArray(fc.stringMatching(/^[A-Z][a-z$]{0,5}$/), { minLength: 1, maxLength: 8 });
const places = fc.record({ line: fc.integer({ min: 1, max: 70_000 }), column: fc.integer({ min: 1, max: 3_000 }) });

describe("a map of declarations", () => {
  it("leads from every type and member to its place, and from nothing else", () => {
    fc.assert(
      fc.property(
        names,
        fc.array(places, { minLength: 8, maxLength: 8 }),
        fc.integer({ min: 1, max: 99 }),
        (types, at, step) => {
          const text = types.map(
            (name) => `/** to: */\nexport interface ${name} {\n  to: string;\n  send(a: ${name}): void;\n}\n`,
          );
          const nodes = new Map(
            types.map((name, i) => [
              name,
              { node: place(at[i]?.line ?? 1, at[i]?.column ?? 1, step), hasMembers: true },
            ]),
          );
          const options = { file: "types.d.ts", schema: "../jobs.schema.ts", places: nodes };
          const map = new SourceMap(JSON.parse(emitDeclarationMap([{ text: text.join("\n") }], options)));
          types.forEach((name, i) => {
            const { line = 0, column = 0 } = at[i] ?? {};
            const first = i * 6 + 1;
            expect(map.findEntry(first, 17)).toMatchObject({ originalLine: line - 1, originalColumn: column - 1 });
            expect(map.findEntry(first + 1, 2)).toMatchObject({
              originalLine: line + step - 1,
              originalColumn: column + step - 1,
            });
            expect(map.findEntry(first - 1, 0)).not.toHaveProperty("originalLine", expect.any(Number));
          });
        },
      ),
    );
  });

  it("counts the members of a union that share a name", () => {
    const node = (line: number): SourceNode => place(line, 1, 1);
    const union: SourceNode = { ...node(1), children: () => [node(10), node(20)] };
    const text = "export type Pay =\n  | {\n      by: 1;\n    }\n  | {\n      by: 2;\n    };\n";
    const options = {
      file: "types.d.ts",
      schema: "s.ts",
      places: new Map([["Pay", { node: union, hasMembers: true }]]),
    };
    const map = new SourceMap(JSON.parse(emitDeclarationMap([{ text }], options)));
    expect([2, 5].map((line) => map.findEntry(line, 6))).toMatchObject([{ originalLine: 9 }, { originalLine: 19 }]);
  });
});
