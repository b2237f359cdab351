import type { ImportExtension } from "../import-extension.ts";
import type { Model } from "../model/model.ts";
import type { WirePlans } from "../model/wire-plan.ts";
import type { TypesFile } from "../types-file.ts";
import type { DeclaredPlaces } from "./declaration-map.ts";
import type { TypeNames } from "./type-names.ts";

/**
 * Prints files from the model. The files that every project gets come from emitters, too; a project adds its own in
 * `jobs.codegen.ts`. The same model must give the same texts: no clock, no chance, no paths of this machine.
 */
export interface Emitter {
  /** For messages. */
  readonly name: string;
  /** Synchronous; the model is frozen. */
  emit(model: Model, context: EmitContext): readonly GeneratedFile[];
}

export interface GeneratedFile {
  /** Inside of the generated folder, without a folder of its own, e.g. `queues.ts`. */
  readonly name: string;
  readonly text: string;
}

/** What an emitter has to know besides the model. */
export interface EmitContext {
  /** The schema file as seen from the generated folder, with `/`, e.g. `../jobs.schema.ts`. */
  readonly schema: string;
  /** Of the model, in 16 hexadecimal digits: equal for equal schemas. */
  readonly hash: string;
  /** Ending of relative imports, as the project's compiler wants it. */
  readonly extension: ImportExtension;
  /** The comments that every generated TypeScript file begins with. */
  readonly header: string;
  /** `types.d.ts` has a map for editors; `types.ts` where declarations would get lost. */
  readonly typesFile: TypesFile;
  /** How the other generated files import the types. */
  readonly typesImport: string;
  /** Where the schema file declares what the types are for; empty without a map. */
  readonly places: DeclaredPlaces;
  /** Names in the generated types. */
  readonly names: TypeNames;
  /** Digest of what the texts of a job depend on beside the job: the types with names, and what they are called. */
  readonly shared: string;
  /** How values that JSON lacks are stored. */
  readonly plans: WirePlans;
}
