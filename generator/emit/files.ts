import type { ImportExtension } from "../import-extension.ts";
import type { Model } from "../model/model.ts";
import type { WirePlans } from "../model/wire-plan.ts";
import { emitCodecs } from "./codecs.ts";
import { emitDescriptor } from "./descriptor.ts";
import { emitIndex } from "./index-file.ts";
import { emitParsers } from "./parsers.ts";
import { createTypeNames } from "./type-names.ts";
import { emitTypes, hasTransactional } from "./types.ts";

export interface GeneratedFile {
  /** Inside of the generated folder. */
  readonly name: string;
  readonly text: string;
}

export interface EmitOptions {
  readonly hash: string;
  /** The schema file as seen from the generated folder, with `/`. */
  readonly schema: string;
  readonly extension: ImportExtension;
}

/** All files of a model, in the order in which they import each other. */
export function emitFiles(
  model: Model,
  plans: WirePlans,
  { hash, schema, extension }: EmitOptions,
): readonly GeneratedFile[] {
  const names = createTypeNames(model);
  const codecs = emitCodecs(model, names, plans, schema, hash);
  const parsers = emitParsers(model, schema, hash);
  const toSchema = schema.includes("/") ? schema.slice(0, schema.lastIndexOf("/") + 1) : "./";
  return [
    { name: "types.ts", text: emitTypes(model, names, schema, hash, toSchema, extension) },
    ...(codecs.text === undefined ? [] : [{ name: "codecs.ts", text: codecs.text }]),
    ...(parsers === undefined ? [] : [{ name: "parsers.ts", text: parsers }]),
    {
      name: "descriptor.ts",
      text: emitDescriptor(model, codecs, { schema, schemaImport: importPath(schema, extension), hash, extension }),
    },
    { name: "index.ts", text: emitIndex(schema, hash, extension, hasTransactional(model)) },
  ];
}

/** How generated code names a file of the user in an import. */
function importPath(path: string, extension: ImportExtension): string {
  const relative = path.startsWith(".") ? path : `./${path}`;
  return extension === ".js" ? relative.replace(/\.(m?)ts$/, ".$1js") : relative;
}
