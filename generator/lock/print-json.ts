import { createMemo } from "../memo.ts";

/** Columns, as formatters count them. */
const maxWidth = 120;

/** JSON as formatters leave it: what fits into a line stays there, but for the outer levels. Keys sorted. */
export function printJson(value: unknown): string {
  return `${print(value, "", 0)}\n`;
}

/** Levels that always have lines of their own: the file, its sections, jobs, versions, one of them. */
const openLevels = 5;

/** The level of the jobs of a lock, few of which change. */
const keptLevel = 2;

const texts = createMemo<object, string>();

function print(value: unknown, indent: string, used: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const level = indent.length / 2;
  return level === keptLevel
    ? texts(value, used, () => printObject(value, indent, used, level))
    : printObject(value, indent, used, level);
}

function printObject(value: object, indent: string, used: number, level: number): string {
  if (level >= openLevels || isEmpty(value)) {
    const short = inline(value);
    if (indent.length + used + short.length < maxWidth) return short;
  }
  const deeper = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((item) => `${deeper}${print(item, deeper, 0)}`)
    : entriesOf(value).map(([key, entry]) => {
        const name = `${JSON.stringify(key)}: `;
        return `${deeper}${name}${print(entry, deeper, name.length)}`;
      });
  const [start, end] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return `${start}\n${lines.join(",\n")}\n${indent}${end}`;
}

function inline(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (isEmpty(value)) return "{}";
  return `{ ${entriesOf(value)
    .map(([key, entry]) => `${JSON.stringify(key)}: ${inline(entry)}`)
    .join(", ")} }`;
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

function entriesOf(value: object): readonly (readonly [string, unknown])[] {
  return Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
