import type { ImportExtension } from "../import-extension.ts";
import type { Model } from "../model/model.ts";
import type { WirePlans } from "../model/wire-plan.ts";
import { codecsEmitter } from "./codecs.ts";
import { descriptorEmitter } from "./descriptor.ts";
import type { EmitContext, Emitter } from "./emitter.ts";
import { indexEmitter } from "./index-file.ts";
import { parsersEmitter } from "./parsers.ts";
import { header } from "./text.ts";
import { createTypeNames } from "./type-names.ts";
import { typesEmitter } from "./types.ts";

/** What every project gets, in the order in which the files import each other. */
export const builtInEmitters: readonly Emitter[] = [
  typesEmitter,
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
}

/** What all emitters of one run share. */
export function createEmitContext(model: Model, plans: WirePlans, options: EmitOptions): EmitContext {
  const { schema, hash } = options;
  return { ...options, plans, names: createTypeNames(model), header: header(schema, hash) };
}
