import { createHash } from "node:crypto";
import type { ImportExtension } from "../import-extension.ts";
import type { Model } from "../model/model.ts";
import type { WirePlans } from "../model/wire-plan.ts";
import type { SchemaSource } from "../source/schema-source.ts";
import type { TypesFile } from "../types-file.ts";
import { codecsEmitter } from "./codecs.ts";
import { declaredPlaces } from "./declared-places.ts";
import { descriptorEmitter } from "./descriptor.ts";
import type { EmitContext, Emitter } from "./emitter.ts";
import { foreignTypesEmitter } from "./foreign-types.ts";
import { indexEmitter } from "./index-file.ts";
import { parsersEmitter } from "./parsers.ts";
import { previousTypesEmitter } from "./previous-types.ts";
import { header } from "./text.ts";
import { createTypeNames, type TypeNames } from "./type-names.ts";
import { typesEmitter } from "./types.ts";

/** What every project gets, in the order in which the files import each other. */
export const builtInEmitters: readonly Emitter[] = [
  typesEmitter,
  foreignTypesEmitter,
  previousTypesEmitter,
  codecsEmitter,
  parsersEmitter,
  descriptorEmitter,
  indexEmitter,
];

export interface EmitOptions {
  readonly hash: string;
  /** The schema file as seen from the generated folder, with `/`. */
  readonly schema: string;
  readonly extension: ImportExtension;
  readonly typesFile: TypesFile;
  /** For the map of `types.d.ts`. */
  readonly source: SchemaSource;
}

/** What all emitters of one run share. */
export function createEmitContext(
  model: Model,
  plans: WirePlans,
  { source, typesFile, ...options }: EmitOptions,
): EmitContext {
  const { schema, hash, extension } = options;
  const names = createTypeNames(model);
  const isDeclaration = typesFile === "types.d.ts";
  return {
    ...options,
    plans,
    names,
    shared: digestOf(model, names),
    header: header(schema, hash),
    typesFile,
    typesImport: isDeclaration ? `./${typesFile}` : `./types${extension}`,
    places: isDeclaration ? declaredPlaces(model, names, source) : new Map(),
  };
}

function digestOf({ named }: Model, names: TypeNames): string {
  const called = named.map(({ id }) => (["in", "out", "wire"] as const).map((side) => names.ref(id, side)));
  return createHash("sha256")
    .update(JSON.stringify([named, called]))
    .digest("hex");
}
