import type { ImportExtension } from "../import-extension.ts";
import type { Model } from "../model/model.ts";
import type { WirePlans } from "../model/wire-plan.ts";
import type { SchemaSource } from "../source/schema-source.ts";
import type { TypesFile } from "../types-file.ts";
import { emitCodecs } from "./codecs.ts";
import { emitDescriptor } from "./descriptor.ts";
import { type DeclaredPlaces, emitDeclarationMap } from "./declaration-map.ts";
import { declaredPlaces } from "./declared-places.ts";
import { emitForeignTypes } from "./foreign-types.ts";
import { emitIndex } from "./index-file.ts";
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
  readonly typesFile: TypesFile;
  /** For the map of `types.d.ts`. */
  readonly source: SchemaSource;
}

/** All files of a model, in the order in which they import each other. */
export function emitFiles(
  model: Model,
  plans: WirePlans,
  { hash, schema, extension, typesFile, source }: EmitOptions,
): readonly GeneratedFile[] {
  const names = createTypeNames(model);
  const codecs = emitCodecs(model, names, plans, schema, hash);
  const toSchema = schema.includes("/") ? schema.slice(0, schema.lastIndexOf("/") + 1) : "./";
  const types = emitTypes(model, names, schema, hash, toSchema, extension);
  const isDeclaration = typesFile === "types.d.ts";
  const foreign = isDeclaration ? emitForeignTypes(model, schema, hash, toSchema, extension) : undefined;
  const imports = { types: isDeclaration ? `./${typesFile}` : `./types${extension}`, foreign: foreign !== undefined };
  return [
    ...(isDeclaration
      ? declarationFiles(types, typesFile, schema, declaredPlaces(model, names, source))
      : [{ name: typesFile, text: types }]),
    ...fileOf("foreign.ts", foreign),
    ...fileOf("codecs.ts", codecs.text),
    {
      name: "descriptor.ts",
      text: emitDescriptor(model, codecs, { schema, schemaImport: importPath(schema, extension), hash, extension }),
    },
    { name: "index.ts", text: emitIndex(schema, hash, extension, hasTransactional(model), imports) },
  ];
}

function fileOf(name: string, text: string | undefined): readonly GeneratedFile[] {
  return text === undefined ? [] : [{ name, text }];
}

/** The map first: declarations never name one that is not there. */
function declarationFiles(
  text: string,
  file: TypesFile,
  schema: string,
  places: DeclaredPlaces,
): readonly GeneratedFile[] {
  const map = `${file}.map`;
  return [
    { name: map, text: emitDeclarationMap(text, { file, schema, places }) },
    { name: file, text: `${text}\n//# sourceMappingURL=${map}\n` },
  ];
}

/** How generated code names a file of the user in an import. */
function importPath(path: string, extension: ImportExtension): string {
  const relative = path.startsWith(".") ? path : `./${path}`;
  return extension === ".js" ? relative.replace(/\.(m?)ts$/, ".$1js") : relative;
}
