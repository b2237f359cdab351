import type { ts } from "ts-morph";

type Ts = typeof ts;

/** A stretch of a text. It follows the text: offsets and lines change when something before it does. */
interface Piece {
  start: number;
  end: number;
  /** Lines that it has moved down since it was parsed. */
  moved: number;
}

/** An entry of `defineJobs({ … })`, with the comments before it and the comma after it. */
export interface SourceEntry extends Piece {
  readonly key: string;
}

/**
 * How a schema file is made up: imports and constants, entries, and a tail. Only files whose entries can be replaced one by one
 * have a layout: they end with `export default defineJobs({ … })`, and each entry begins a line.
 */
export interface SourceLayout {
  readonly text: string;
  readonly entries: readonly SourceEntry[];
  readonly tail: Piece;
  /** Statements of the file. */
  readonly statements: number;
}

/** The entry in which a job is declared, itself or a namespace of it. */
export function createEntryFinder(layout: SourceLayout | undefined): (job: string) => SourceEntry | undefined {
  const entries = new Map(layout?.entries.map((entry) => [entry.key, entry]));
  return (job) => entries.get(job.split(".", 1)[0] ?? job);
}

/** Undefined: it has none. */
export function readLayout(t: Ts, file: ts.SourceFile): SourceLayout | undefined {
  // What the parser makes of a broken text may change far from where it is mended.
  if (hasErrors(file)) return undefined;
  const object = declarationsOf(t, file);
  if (!object || object.properties.length === 0) return undefined;
  const { text, statements } = file;
  const keys = object.properties.map((property) => keyOf(t, property));
  if (new Set(keys).size < keys.length) return undefined;
  const entries: SourceEntry[] = [];
  for (const [index, property] of object.properties.entries()) {
    const key = keys[index];
    // Else it would be in another column when what is before it on its line changes.
    const isLine = text.slice(property.pos, property.getStart(file)).includes("\n");
    if (key === undefined || !isLine) return undefined;
    const end = object.properties[index + 1]?.pos ?? object.properties.end;
    entries.push({ key, start: property.pos, end, moved: 0 });
  }
  const tail = { start: object.properties.end, end: text.length, moved: 0 };
  if (!text.slice(tail.start, object.end).includes("\n")) return undefined;
  return { text, entries, tail, statements: statements.length };
}

function hasErrors(file: ts.SourceFile): boolean {
  const { parseDiagnostics = [] } = file as { readonly parseDiagnostics?: readonly unknown[] }; // there, but not declared
  return parseDiagnostics.length > 0;
}

/** In `export default defineJobs({ … })`, if nothing comes after it that would have to be there before it. */
function declarationsOf(t: Ts, file: ts.SourceFile): ts.ObjectLiteralExpression | undefined {
  const last = file.statements.at(-1);
  const call = last && t.isExportAssignment(last) ? last.expression : undefined;
  if (!call || !t.isCallExpression(call) || !t.isIdentifier(call.expression)) return undefined;
  const [declarations] = call.arguments;
  const isOurs = call.expression.text === "defineJobs" && declarations && t.isObjectLiteralExpression(declarations);
  return isOurs ? declarations : undefined;
}

function keyOf(t: Ts, property: ts.ObjectLiteralElementLike): string | undefined {
  const isPlain = t.isPropertyAssignment(property) || t.isShorthandPropertyAssignment(property);
  if (!isPlain || !(t.isIdentifier(property.name) || t.isStringLiteral(property.name))) return undefined;
  return property.name.text === "__proto__" ? undefined : property.name.text;
}

/** Entries that stand for others. */
export interface SourceEdit {
  /** Of the file as it is now. */
  readonly text: string;
  /** The first of the entries that are gone, and the one after the last, by index. */
  readonly from: number;
  readonly to: number;
  /** What stands in their place. */
  readonly region: string;
  /** A file with these entries alone, and all that is no entry. */
  readonly excerpt: string;
}

/** What makes a text of another one; undefined: something else than entries changed. */
export function findEdit({ text: before, entries, tail }: SourceLayout, text: string): SourceEdit | undefined {
  let { start, end } = differenceOf(before, text);
  // A line added after the last entry begins with the end of that entry's line just as well.
  const past = start - tail.start;
  const added = text.slice(start, text.length - before.length + end);
  if (past > 0 && end === start && added.endsWith(before.slice(tail.start, start))) {
    start -= past;
    end -= past;
  }
  const from = entries.findLastIndex((entry) => entry.start <= start);
  const to = entries.findIndex((entry) => entry.end >= end) + 1;
  const [first, last] = [entries[from], entries[to - 1]];
  if (!first || !last || to <= from) return undefined;
  const [head] = entries;
  const region = text.slice(first.start, last.end + text.length - before.length);
  const excerpt = text.slice(0, head?.start) + region + before.slice(tail.start);
  return { text, from, to, region, excerpt };
}

/** Where two texts differ, in offsets of the first. */
function differenceOf(before: string, after: string): { start: number; end: number } {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let same = 0;
  while (same < shorter - start && before.at(-1 - same) === after.at(-1 - same)) same++;
  return { start, end: before.length - same };
}

/**
 * Moves the pieces to where they are after the edit. `excerpt`: the layout of its excerpt. Undefined, and nothing is moved: the
 * edit does more than to replace entries.
 */
export function applyEdit(
  before: SourceLayout,
  { text, from, to, region, excerpt: excerptText }: SourceEdit,
  excerpt: SourceLayout | undefined,
): SourceLayout | undefined {
  const [start, outer] = [before.entries[0]?.start ?? 0, excerpt?.entries[0]?.start];
  const hasMore = to < before.entries.length;
  const added = excerpt?.entries ?? [];
  const isWhole =
    excerpt !== undefined &&
    outer === start &&
    excerpt.statements === before.statements &&
    excerpt.tail.start === start + region.length &&
    (!hasMore || region.endsWith(","));
  const entries = [...before.entries.slice(0, from), ...added, ...before.entries.slice(to)];
  if (!isWhole || new Set(entries.map(({ key }) => key)).size < entries.length) return undefined;
  const [first, last] = [before.entries[from], before.entries[to - 1]];
  if (!first || !last) return undefined;
  const offset = first.start - start;
  const lines = linesIn(text.slice(start, first.start));
  for (const entry of added) move(entry, offset, lines);
  const [by, byLines] = [
    text.length - before.text.length,
    linesIn(region) - linesIn(before.text.slice(first.start, last.end)),
  ];
  for (const entry of before.entries.slice(to)) move(entry, by, byLines);
  const tail = excerpt.tail;
  move(tail, text.length - excerptText.length, linesIn(text) - linesIn(excerptText));
  return { text, entries, tail, statements: before.statements };
}

function move(piece: Piece, by: number, lines: number): void {
  piece.start += by;
  piece.end += by;
  piece.moved += lines;
}

function linesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** By an offset of the text that was parsed; `layout` may have moved since. */
export function createPieceFinder(
  layout: SourceLayout | undefined,
): (offset: number) => { readonly moved: number } | undefined {
  const pieces = layout ? [...layout.entries, layout.tail] : [];
  const starts = pieces.map(({ start }) => start);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return pieces[low - 1];
  };
}
