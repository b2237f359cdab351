import { join } from "node:path";
import type { GeneratedFile } from "../emit/emitter.ts";
import { readIfExists } from "../find.ts";
import { bridge, exportsOf } from "./bridge.ts";
import { hashText, type Manifest, readManifest } from "./manifest.ts";

/** What has to happen in a generated folder. Making the plan changes nothing. */
export interface WritePlan {
  readonly write: readonly PlannedFile[];
  /** How, in this order. A file may come twice, with another text at first. */
  readonly steps: readonly GeneratedFile[];
  readonly unchanged: readonly string[];
  /** Files that were generated once and are not any more. */
  readonly remove: readonly PlannedRemoval[];
  /** Files that somebody else wrote or edited. */
  readonly conflicts: readonly string[];
  readonly manifest: Manifest;
}

export interface PlannedFile extends GeneratedFile {
  /** What is there now. */
  readonly before: string | undefined;
}

export interface PlannedRemoval {
  readonly name: string;
  readonly before: string;
}

export function planWrite(out: string, files: readonly GeneratedFile[]): WritePlan {
  const manifest = readManifest(out);
  const current = files.map((file): PlannedFile => ({ ...file, before: readIfExists(join(out, file.name)) }));
  const write = current.filter(({ before, text }) => before !== text);
  const names = new Set(files.map(({ name }) => name));
  const remove = [...manifest.keys()].flatMap((name): PlannedRemoval[] => {
    const before = names.has(name) ? undefined : readIfExists(join(out, name));
    return before === undefined ? [] : [{ name, before }];
  });
  const isOurs = (name: string, text: string): boolean => manifest.get(name)?.includes(hashText(text)) === true;
  const conflicts = [...write, ...remove].flatMap(({ name, before }) =>
    before === undefined || isOurs(name, before) ? [] : [name],
  );
  return {
    write,
    steps: inSteps(write),
    unchanged: current.filter(({ before, text }) => before === text).map(({ name }) => name),
    remove,
    conflicts,
    manifest,
  };
}

/**
 * The files come in an order in which none imports one that is not there yet, and a name is there before somebody imports it.
 * A file that loses names waits for those that import them; if it gains some as well, it has both until then.
 */
function inSteps(files: readonly PlannedFile[]): readonly GeneratedFile[] {
  const begun = files.map((file) => [file, beginningOf(file)] as const);
  const later = begun.flatMap(([file, beginning]) => (beginning === file ? [] : [file]));
  return [...begun.flatMap(([, beginning]) => beginning ?? []), ...later.toReversed()];
}

/** What is written of a file before its importers; undefined: nothing. */
function beginningOf(file: PlannedFile): GeneratedFile | undefined {
  const { name, before = "", text } = file;
  // Types are gone when the code runs.
  if (!name.endsWith(".ts") || name.endsWith(".d.ts")) return file;
  const [old, now] = [exportsOf(before), exportsOf(text)];
  if ([...old].every((name) => now.has(name))) return file;
  if ([...now].every((name) => old.has(name))) return undefined;
  const both = bridge(before, text);
  return both === undefined ? file : { name, text: both };
}
