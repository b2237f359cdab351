import { posix } from "node:path";
import type { SourceNode } from "../source/schema-source.ts";

/** Where the schema says what a generated type says. */
export interface DeclaredAt {
  /** Of the type itself. */
  readonly node: SourceNode;
  /** Whether the members of the type are members of the node. */
  readonly hasMembers: boolean;
}

/** By names of generated types; undefined: the schema's file does not show it. */
export type DeclaredPlaces = ReadonlyMap<string, DeclaredAt | undefined>;

export interface DeclarationMapOptions {
  /** File name of the declarations. */
  readonly file: string;
  /** The schema file as seen from the generated folder. */
  readonly schema: string;
  readonly places: DeclaredPlaces;
}

/** A source map of declarations: editors that look for the definition of a job or a field follow it into the schema. */
export function emitDeclarationMap(declarations: string, { file, schema, places }: DeclarationMapOptions): string {
  const lines = mappingsOf(declarations, places);
  // Files of namespaces come after the schema file itself.
  const files = [...new Set([posix.basename(schema), ...lines.flatMap((line) => line?.source.file ?? [])])];
  const mappings = encodeMappings(lines, files);
  const sources = [schema, ...files.slice(1).map((path) => posix.join(posix.dirname(schema), path))];
  return `${JSON.stringify({ version: 3, file, sourceRoot: "", sources, names: [], mappings })}\n`;
}

/** A name of the declarations, in columns from 0, and where the schema has it. */
interface Mapping {
  /** Where the declaration begins, which some editors look up as well, and its name. */
  readonly columns: readonly number[];
  readonly source: SourceNode;
}

const declared = /^export (?:interface|type) ([\w$]+)/;
const member = /^( +(?:readonly )?)("(?:[^"\\]|\\.)*"|[A-Za-z_$][\w$]*)\??:(?: |$)/;

interface Level {
  readonly indent: number;
  readonly node: SourceNode | undefined;
  /** How often each key came; members of a union may share one, and the schema has it once for each. */
  readonly counts: Map<string, number>;
}

/** At most one name for each line: the printer begins a line for every declaration and every member. */
function mappingsOf(declarations: string, places: DeclaredPlaces): readonly (Mapping | undefined)[] {
  let levels: Level[] = [];
  return declarations.split("\n").map((line): Mapping | undefined => {
    const name = declared.exec(line)?.[1];
    if (name !== undefined) {
      const place = places.get(name);
      levels = [level(0, place?.hasMembers ? place.node : undefined)];
      return place && { columns: [0, line.indexOf(name)], source: place.node };
    }
    // Most lines are of types whose members the schema does not have.
    if (!levels[0]?.node) return undefined;
    const [, before = "", key] = member.exec(line) ?? [];
    if (key === undefined) return undefined;
    const indent = line.search(/\S/);
    while ((levels.at(-1)?.indent ?? 0) >= indent) levels.pop();
    const node = memberOf(levels.at(-1), key.startsWith('"') ? String(JSON.parse(key)) : key);
    levels.push(level(indent, node));
    return node && { columns: [...new Set([indent, before.length])], source: node };
  });
}

function level(indent: number, node: SourceNode | undefined): Level {
  return { indent, node, counts: new Map() };
}

function memberOf(outer: Level | undefined, key: string): SourceNode | undefined {
  if (!outer?.node) return undefined;
  const count = outer.counts.get(key) ?? 0;
  outer.counts.set(key, count + 1);
  const [first, ...others] = outer.node.children(key);
  return count === 0 ? first : (others[count - 1] ?? first);
}

/**
 * Numbers are differences to those of the segment before. A name that is not mapped would be taken for the next one that is,
 * so a segment that leads nowhere goes before each mapping; where the mapping has the whole line, at the line above, which
 * is empty or a comment.
 */
function encodeMappings(lines: readonly (Mapping | undefined)[], files: readonly string[]): string {
  let [file, line, column] = [0, 0, 0];
  const segments = ({ columns, source }: Mapping): readonly string[] => {
    const to = { file: files.indexOf(source.file), line: source.line - 1, column: source.column - 1 };
    return columns.map((generated, index) => {
      const segment = [generated - (columns[index - 1] ?? 0), to.file - file, to.line - line, to.column - column];
      ({ file, line, column } = to);
      return segment.map(encodeVlq).join("");
    });
  };
  return lines
    .map((mapping, index) => {
      const barrier = mapping ? startOf(mapping) !== 0 : startOf(lines[index + 1]) === 0;
      return [...(barrier ? [nowhere] : []), ...(mapping ? segments(mapping) : [])].join(",");
    })
    .join(";");
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
