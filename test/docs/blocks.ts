import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

export const root = new URL("../../", import.meta.url).pathname;

/** A `ts` block of a page. */
export interface Block {
  /** Page, relative to the repository. */
  readonly page: string;
  /** Line of its first code line, from 1. */
  readonly line: number;
  /** File that the block is: what its first line says (`// main.ts`), or a name made of page and line. */
  readonly name: string;
  readonly code: string;
}

/** README, CONTRIBUTING, CHANGELOG and everything below `docs/`, relative to the repository. */
export function pages(): readonly string[] {
  const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`);
  return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...docs.sort()];
}

export function read(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

export function blocksOf(page: string): readonly Block[] {
  const text = read(page);
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => {
    const code = match[1] ?? "";
    const line = text.slice(0, match.index).split("\n").length + 1;
    const named = /^\/\/ ([\w.-]+\.ts)\n/.exec(code)?.[1];
    return { page, line, code, name: named ?? `${basename(page, ".md")}-${line}.ts` };
  });
}

export function allBlocks(): readonly Block[] {
  return pages().flatMap(blocksOf);
}
