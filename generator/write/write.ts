import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { JobwrightError } from "../../runtime/contract/errors.ts";
import type { GeneratedFile } from "../emit/emitter.ts";
import { readIfExists } from "../find.ts";
import { hashText, manifestName, printManifest } from "./manifest.ts";
import type { WritePlan } from "./plan.ts";

/** Brings a folder to the state of the plan. A reader never sees half a file, nor an import of one that is missing. */
export function writeFiles(out: string, files: readonly GeneratedFile[], plan: WritePlan, force: boolean): void {
  if (plan.conflicts.length > 0 && !force) throw conflictError(plan.conflicts);
  const final = new Map(files.map(({ name, text }) => [name, [hashText(text)]]));
  if (plan.write.length > 0 || plan.remove.length > 0) {
    mkdirSync(out, { recursive: true });
    // Cut short halfway, the folder holds old and new files: the next run has to know both as its own.
    const both = new Map(final);
    const ours = [...plan.manifest, ...plan.steps.map(({ name, text }) => [name, [hashText(text)]] as const)];
    for (const [name, hashes] of ours) both.set(name, [...new Set([...hashes, ...(both.get(name) ?? [])])]);
    replaceFile(out, manifestName, printManifest(both));
  }
  for (const { name, text } of plan.steps) replaceFile(out, name, text);
  for (const { name } of plan.remove) rmSync(join(out, name), { force: true });
  const manifest = printManifest(final);
  if (readIfExists(join(out, manifestName)) !== manifest) replaceFile(out, manifestName, manifest);
}

/** A reader sees the old file or the new one. Throws `JW_CODEGEN_WRITE`. */
export function replaceFile(out: string, name: string, text: string): void {
  const temporary = join(out, `.${name}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, join(out, name));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new JobwrightError("JW_CODEGEN_WRITE", `${join(out, name)} cannot be written.`, {
      hint: "Check that the folder exists, is a folder, and may be written; or choose another one with --out.",
      cause: error,
    });
  }
}

function conflictError(conflicts: readonly string[]): JobwrightError {
  const list = conflicts.join(", ");
  return new JobwrightError(
    "JW_CODEGEN_CONFLICT",
    `${list} in the generated folder was edited, or is not a generated file. Nothing was written.`,
    {
      hint: "Move your changes elsewhere, then run `jobwright codegen --force` to overwrite.",
      details: { files: conflicts },
    },
  );
}
