import { createMemo } from "../memo.ts";
import type { JobModel, Model } from "../model/model.ts";
import type { EmitContext, Emitter } from "./emitter.ts";
import { render } from "./layout.ts";
import { jsDoc } from "./text.ts";
import { pathToSchema, writtenImports } from "./written-imports.ts";

const about: string = [
  "What `types.d.ts` takes from elsewhere. With `skipLibCheck` the compiler does not look into declaration files, where",
  "a name that does not exist is `any` without a word; here it is an error.",
].join("\n");

/** Types that the schema names but does not describe, in a file that every compiler checks; no file without any. */
export const foreignTypesEmitter: Emitter = {
  name: "foreign types",
  emit: (model, context) =>
    hasForeignTypes(model, context) ? [{ name: "foreign.ts", text: printForeignTypes(model, context) }] : [],
};

/** In a `types.ts` the compiler checks them anyway. */
export function hasForeignTypes(model: Model, { typesFile }: EmitContext): boolean {
  return typesFile === "types.d.ts" && foreignTypes(model).length > 0;
}

function printForeignTypes(model: Model, { header, schema, extension }: EmitContext): string {
  const imports = writtenImports(model, pathToSchema(schema), extension);
  const list = render({ open: "export type ForeignTypes = [", items: foreignTypes(model), close: "];" }, "", 0, 0);
  return `${header}${imports}${imports === "" ? "" : "\n"}${jsDoc({ text: about })}${list}\n`;
}

function foreignTypes({ jobs, ...others }: Model): readonly string[] {
  const ofJobs = jobs.flatMap((job) => found(job, undefined, () => foreignTypesIn(job)));
  return [...new Set([...ofJobs, ...foreignTypesIn(others)])].sort();
}

const found = createMemo<JobModel, readonly string[]>();

function foreignTypesIn(part: object): readonly string[] {
  const texts = new Set<string>();
  JSON.stringify(part, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !("kind" in value)) return value;
    if (value.kind === "written" && "text" in value) texts.add(String(value.text));
    return value;
  });
  return [...texts];
}
