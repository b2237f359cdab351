/** A unified diff of two texts, with three lines of context; empty when they are equal. */
export function unifiedDiff(name: string, before: string, after: string): string {
  if (before === after) return "";
  const edits = compare(splitLines(before), splitLines(after));
  const hunks = toHunks(edits).map(printHunk);
  return `--- ${before === "" ? "/dev/null" : `a/${name}`}\n+++ ${after === "" ? "/dev/null" : `b/${name}`}\n${hunks.join("")}`;
}

type Edit = readonly [mark: " " | "-" | "+", line: string];

const context = 3;

function splitLines(text: string): readonly string[] {
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

function compare(before: readonly string[], after: readonly string[]): readonly Edit[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const same = (lines: readonly string[]): Edit[] => lines.map((line) => [" ", line]);
  return [
    ...same(before.slice(0, start)),
    ...compareMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ];
}

/** Beyond this the exact answer would take too long, and nobody reads it. */
const maxCells = 4_000_000;

/** Longest common subsequence, by the table. */
function compareMiddle(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const removed: Edit[] = before.map((line) => ["-", line]);
  const added: Edit[] = after.map((line) => ["+", line]);
  if (before.length * after.length > maxCells || before.length === 0 || after.length === 0)
    return [...removed, ...added];
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const edits: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && before[i] === after[j]) {
      edits.push([" ", before[i++] ?? ""]);
      j++;
    } else if (j >= after.length || (i < before.length && at(i + 1, j) >= at(i, j + 1)))
      edits.push(["-", before[i++] ?? ""]);
    else edits.push(["+", after[j++] ?? ""]);
  }
  return edits;
}

interface Hunk {
  readonly edits: readonly Edit[];
  /** Lines before this hunk, from 0. */
  readonly beforeStart: number;
  readonly afterStart: number;
}

function toHunks(edits: readonly Edit[]): readonly Hunk[] {
  const keep = new Set<number>();
  edits.forEach(([mark], index) => {
    if (mark !== " ") for (let near = index - context; near <= index + context; near++) keep.add(near);
  });
  const hunks: { edits: Edit[]; beforeStart: number; afterStart: number }[] = [];
  let [beforeLine, afterLine] = [0, 0];
  edits.forEach((edit, index) => {
    if (keep.has(index)) {
      if (!keep.has(index - 1) || index === 0)
        hunks.push({ edits: [], beforeStart: beforeLine, afterStart: afterLine });
      hunks.at(-1)?.edits.push(edit);
    }
    if (edit[0] !== "+") beforeLine++;
    if (edit[0] !== "-") afterLine++;
  });
  return hunks;
}

function printHunk({ edits, beforeStart, afterStart }: Hunk): string {
  const count = (other: string): number => edits.filter(([mark]) => mark !== other).length;
  const range = (start: number, length: number): string => `${length === 0 ? start : start + 1},${length}`;
  const head = `@@ -${range(beforeStart, count("+"))} +${range(afterStart, count("-"))} @@\n`;
  return head + edits.map(([mark, line]) => `${mark}${line}\n`).join("");
}
