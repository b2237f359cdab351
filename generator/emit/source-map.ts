import { createMemo } from "../memo.ts";
import type { SourceNode } from "../source/schema-source.ts";

/** A name of the declarations, in columns from 0, and where the schema has it. */
export interface Mapping {
  /** Where the declaration begins, which some editors look up as well, and its name. */
  readonly columns: readonly number[];
  readonly source: SourceNode;
}

/** Lines that follow each other. */
export interface MappedPart {
  readonly lines: readonly (Mapping | undefined)[];
  /** In the order in which they are led to. */
  readonly files: readonly string[];
  /** Whether the places of all its lines keep their distance, whatever changes elsewhere. */
  readonly movesAsOne: boolean;
}

/** From 0. */
interface Position {
  readonly file: number;
  readonly line: number;
  readonly column: number;
}

/**
 * Numbers are differences to those of the segment before. A name that is not mapped would be taken for the next one that is,
 * so a segment that leads nowhere goes before each mapping; where the mapping has the whole line, at the line above, which
 * is empty or a comment.
 */
export function encodeMappings(parts: readonly MappedPart[], files: readonly string[]): string {
  const encode = createEncoder(files);
  return parts.map((part, index) => encodePart(part, parts[index + 1]?.lines[0], encode)).join(";");
}

const kept = createMemo<MappedPart, string>();

function encodePart(part: MappedPart, next: Mapping | undefined, encode: Encoder): string {
  const { lines, movesAsOne } = part;
  const first = lines.findIndex((line) => line !== undefined);
  const last = lines.length - 1;
  if (!movesAsOne || first < 0 || first >= last) return encode.lines(lines, next);
  const begin = encode.lines(lines.slice(0, first + 1), lines[first + 1]);
  const middle = kept(part, undefined, () => encode.lines(lines.slice(first + 1, last), lines[last]));
  encode.goTo(lines.slice(first, last).findLast((line) => line !== undefined));
  return [begin, ...(first + 1 < last ? [middle] : []), encode.lines([lines[last]], next)].join(";");
}

interface Encoder {
  /** `next`: the line after them. */
  lines(lines: readonly (Mapping | undefined)[], next: Mapping | undefined): string;
  /** As if that had been encoded. */
  goTo(mapping: Mapping | undefined): void;
}

function createEncoder(files: readonly string[]): Encoder {
  let from: Position = { file: 0, line: 0, column: 0 };

  function goTo(mapping: Mapping | undefined): void {
    if (!mapping) return;
    const { file, line, column } = mapping.source;
    from = { file: files.indexOf(file), line: line - 1, column: column - 1 };
  }

  function segments(mapping: Mapping): readonly string[] {
    return mapping.columns.map((generated, index) => {
      const { file, line, column } = from;
      goTo(mapping);
      const own = generated - (mapping.columns[index - 1] ?? 0);
      return [own, from.file - file, from.line - line, from.column - column].map(encodeVlq).join("");
    });
  }

  return {
    goTo,
    lines: (lines, next) =>
      lines
        .map((mapping, index) => {
          const after = index + 1 < lines.length ? lines[index + 1] : next;
          const barrier = mapping ? startOf(mapping) !== 0 : startOf(after) === 0;
          return [...(barrier ? [nowhere] : []), ...(mapping ? segments(mapping) : [])].join(",");
        })
        .join(";"),
  };
}

/** Column 0, and no source. */
const nowhere = "A";

function startOf(mapping: Mapping | undefined): number | undefined {
  return mapping?.columns[0];
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base 64, five bits a digit, lowest first, the sign in the lowest bit: as source maps write numbers. */
function encodeVlq(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = "";
  do {
    const five = rest & 31;
    rest >>>= 5;
    text += digits[rest > 0 ? five | 32 : five];
  } while (rest > 0);
  return text;
}
