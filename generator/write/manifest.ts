import { createHash } from "node:crypto";
import { join } from "node:path";
import { readIfExists } from "../find.ts";

/** What was written into a generated folder: file → hashes of texts that are ours. */
export type Manifest = ReadonlyMap<string, readonly string[]>;

export const manifestName = ".manifest.json";

export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A missing or broken manifest says that nothing here is ours. */
export function readManifest(out: string): Manifest {
  const text = readIfExists(join(out, manifestName));
  const files = text === undefined ? undefined : filesOf(text);
  return new Map(
    Object.entries(files ?? {}).flatMap(([name, hashes]) =>
      isSafeName(name) ? [[name, [hashes].flat().map(String)]] : [],
    ),
  );
}

function filesOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const files = typeof value === "object" && value !== null && "files" in value ? value.files : undefined;
    return typeof files === "object" && files !== null ? (files as Readonly<Record<string, unknown>>) : undefined; // any JSON object
  } catch {
    return undefined;
  }
}

/** A manifest must not lead out of its folder: what it names may be removed. */
function isSafeName(name: string): boolean {
  return /^[\w.-]+$/.test(name) && name !== ".." && name !== ".";
}

export function printManifest(files: Manifest): string {
  const entries = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hashes]) => [name, hashes.length === 1 ? hashes[0] : hashes]);
  return `${JSON.stringify({ format: 1, files: Object.fromEntries(entries) }, null, 2)}\n`;
}
