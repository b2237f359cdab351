import type { ImportExtension } from "../import-extension.ts";
import type { Model } from "../model/model.ts";
import { render } from "./layout.ts";
import { header, jsDoc } from "./text.ts";
import { writtenImports } from "./written-imports.ts";

const about: string = [
  "What `types.d.ts` takes from elsewhere. With `skipLibCheck` the compiler does not look into declaration files, where",
  "a name that does not exist is `any` without a word; here it is an error.",
].join("\n");

/** Types that the schema names but does not describe, in a file that every compiler checks. Undefined: there are none. */
export function emitForeignTypes(
  model: Model,
  schema: string,
  hash: string,
  toSchema: string,
  extension: ImportExtension,
): string | undefined {
  const items = foreignTypes(model);
  if (items.length === 0) return undefined;
  const imports = writtenImports(model, toSchema, extension);
  const list = render({ open: "export type ForeignTypes = [", items, close: "];" }, "", 0, 0);
  return `${header(schema, hash)}${imports}${imports === "" ? "" : "\n"}${jsDoc({ text: about })}${list}\n`;
}

function foreignTypes(model: Model): readonly string[] {
  const found = new Set<string>();
  JSON.stringify(model, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !("kind" in value)) return value;
    if (value.kind === "written" && "text" in value) found.add(String(value.text));
    return value;
  });
  return [...found].sort();
}
