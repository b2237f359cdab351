import { JobwrightError } from "../../runtime/contract/errors.ts";
import type { Model } from "../model/model.ts";
import type { EmitContext, Emitter, GeneratedFile } from "./emitter.ts";

/** The files of all emitters, in their order. Throws `JW_EMITTER` for one that throws or gives what cannot be written. */
export function runEmitters(
  emitters: readonly Emitter[],
  model: Model,
  context: EmitContext,
): readonly GeneratedFile[] {
  /** Who made a file. Names that differ in case only are one file on many disks. */
  const owners = new Map<string, string>();
  return emitters.flatMap((emitter) => {
    const files = emitOne(emitter, model, context);
    for (const { name } of files) {
      const owner = owners.get(name.toLowerCase());
      if (owner !== undefined)
        throw refuse(emitter, `gave ${name}, which the emitter "${owner}" made already.`, rename);
      owners.set(name.toLowerCase(), emitter.name);
    }
    return files;
  });
}

const rename = "Give the file another name.";

function emitOne(emitter: Emitter, model: Model, context: EmitContext): readonly GeneratedFile[] {
  let files: unknown;
  try {
    files = emitter.emit(model, context);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse(emitter, `threw: ${reason}`, "Repair the emitter; --debug shows where it threw.", error);
  }
  if (!Array.isArray(files)) {
    throw refuse(emitter, "gave no list of files.", "Return `[{ name, text }]`, or `[]`; `emit` is synchronous.");
  }
  for (const file of files as readonly unknown[]) assertFile(emitter, file);
  return files as readonly GeneratedFile[]; // each was looked at
}

/** Neither a folder nor hidden: the name of the manifest and of unfinished files begin with a dot. */
const safeName = /^\w[\w.-]*$/;

function assertFile(emitter: Emitter, file: unknown): void {
  const { name, text } = (file ?? {}) as Partial<Record<keyof GeneratedFile, unknown>>; // looked at here
  if (typeof name !== "string" || !safeName.test(name)) {
    const hint = "Use letters, digits, `_`, `-` and `.`, without a folder and without a dot in front.";
    throw refuse(emitter, `gave a file with the name ${JSON.stringify(name)}, which cannot be used.`, hint);
  }
  if (typeof text !== "string") throw refuse(emitter, `gave ${name} without a text.`, "Return `{ name, text }`.");
}

function refuse({ name }: Emitter, message: string, hint: string, cause?: unknown): JobwrightError {
  return new JobwrightError("JW_EMITTER", `The emitter "${name}" ${message} Nothing was written.`, { hint, cause });
}
