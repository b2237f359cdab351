import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";

export interface Subscriber {
  readonly line: number;
  readonly email: string;
  readonly name: string;
  readonly language: string;
}

/** Reads the CSV as it is: quoted commas, umlauts, blanks and all. */
export function readSubscribers(file: URL): readonly Subscriber[] {
  const rows = parse<Record<"email" | "name" | "language", string>>(readFileSync(file), {
    columns: true,
    bom: true,
    trim: true,
    skip_empty_lines: true,
  });
  return rows.map(({ email, name, language }, index) => ({
    line: index + 2,
    email: email.toLowerCase(),
    name,
    language,
  }));
}

/**
 * One id per issue and address: a second row with the same address, or a second run after a crash, enqueues the same job
 * and not another one. A UUIDv8 (RFC 9562, section 5.8).
 */
export function jobId(issue: string, email: string): string {
  const hash = createHash("sha256").update(`${issue}\n${email}`).digest("hex");
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
