import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ts } from "ts-morph";
import { describe, expect, it } from "vitest";
import { examples, type MessageExample, type SchemaExample } from "../../docs/error-examples.ts";
import { errorPages } from "../../docs/generate-errors.ts";
import { generate } from "../../generator/index.ts";
import { errorCodes, JobwrightError } from "../../runtime/contract/errors.ts";
import { report } from "../generator/support/problems.ts";
import { createProject } from "../generator/support/project.ts";
import { read, root } from "./blocks.ts";

describe("pages of error codes", () => {
  it("are those of the codes, and no others", () => {
    const names = Object.keys(errorCodes).map((code) => `${code}.md`);
    expect(readdirSync(join(root, "docs/errors")).sort()).toEqual(names.sort());
  });

  it.each([...errorPages()])("%s belongs to its code", (name, text) => {
    expect(read(`docs/errors/${name}`), "run `npx tsx docs/generate.ts`").toBe(text);
  });

  it("are all named by the list of codes", () => {
    const list = read("docs/errors.md");
    expect(Object.keys(errorCodes).filter((code) => !list.includes(`[\`${code}\`](errors/${code}.md)`))).toEqual([]);
  });
});

describe("examples of messages", () => {
  const sentences = sentencesOf(["runtime", "generator"]);
  const messages = Object.entries(examples).flatMap(([code, example]) =>
    "schema" in example ? [] : [[code, example] as readonly [string, MessageExample]],
  );

  it.each(messages)("%s: the source says so", (_, { message, hint }) => {
    const texts = hint === undefined ? [message] : [message, hint];
    const isFound = (text: string): boolean =>
      sentences.some((parts) => parts.join("").length >= 12 && (isIn(text, parts) || parts.join("").includes(text)));
    expect(texts.filter((text) => !isFound(text))).toEqual([]);
  });

  const schemas = Object.entries(examples).flatMap(([code, example]) =>
    "schema" in example ? [[code, example] as readonly [string, SchemaExample]] : [],
  );

  it.each(schemas)("%s: codegen says so", async (code, example) => {
    using project = createProject({ "jobs.schema.ts": example.before ?? example.schema });
    if (example.before !== undefined) await generate({ cwd: project.folder });
    project.write("jobs.schema.ts", example.schema);
    const error: unknown = await generate({ cwd: project.folder }).catch((reason: unknown) => reason);
    if (!JobwrightError.is(error)) throw new Error("nothing was refused");
    expect(error.code).toBe(code);
    expect(report(error)).toBe(example.report);
  });
});

/** Whether a text has the parts of another one in their order, with anything in the gaps. */
function isIn(text: string, parts: readonly string[]): boolean {
  let from = 0;
  return parts.every((part) => {
    const at = text.indexOf(part, from);
    from = at + part.length;
    return at >= 0;
  });
}

/** Every text of the source, as the parts between its gaps. */
function sentencesOf(folders: readonly string[]): readonly (readonly string[])[] {
  const { ts: t } = createRequire(import.meta.url)("ts-morph") as { readonly ts: typeof ts };
  const found: (readonly string[])[] = [];

  /** Undefined: no text. */
  function partsOf(node: ts.Node): readonly string[] | undefined {
    if (t.isStringLiteralLike(node)) return [node.text];
    if (t.isTemplateExpression(node)) return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)];
    if (!t.isBinaryExpression(node) || node.operatorToken.kind !== t.SyntaxKind.PlusToken) return undefined;
    const [left, right] = [partsOf(node.left), partsOf(node.right)];
    if (!left || !right) return undefined;
    return [...left.slice(0, -1), `${left.at(-1) ?? ""}${right[0] ?? ""}`, ...right.slice(1)];
  }

  function visit(node: ts.Node): void {
    const parts = partsOf(node);
    if (!parts) return t.forEachChild(node, visit);
    found.push(parts);
    if (t.isTemplateExpression(node)) t.forEachChild(node, visit);
  }

  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      const file = join(root, folder, name);
      visit(t.createSourceFile(file, readFileSync(file, "utf8"), t.ScriptTarget.Latest, true));
    }
  }
  return found;
}
