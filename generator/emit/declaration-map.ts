import { posix } from "node:path";
import { createMemo } from "../memo.ts";
import { encodeMappings, type MappedPart, type Mapping } from "./source-map.ts";
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

/** A part of the declarations. They follow each other with an empty line between them, and each begins with a declaration. */
export interface DeclaredPart {
  /** Ended by a newline. */
  readonly text: string;
  /** A type of the part: while it is declared where it was, so are all others of the part. Absent: nobody knows. */
  readonly witness?: string;
}

/** A source map of declarations: editors that look for the definition of a job or a field follow it into the schema. */
export function emitDeclarationMap(
  parts: readonly DeclaredPart[],
  { file, schema, places }: DeclarationMapOptions,
): string {
  const mapped = parts.map((part) => mapPart(part, places));
  // Files of namespaces come after the schema file itself.
  const files = [...new Set([posix.basename(schema), ...mapped.flatMap((part) => part.files)])];
  const mappings = encodeMappings(mapped, files);
  const sources = [schema, ...files.slice(1).map((path) => posix.join(posix.dirname(schema), path))];
  return `${JSON.stringify({ version: 3, file, sourceRoot: "", sources, names: [], mappings })}\n`;
}

const kept = createMemo<DeclaredPart, MappedPart>();

function mapPart(part: DeclaredPart, places: DeclaredPlaces): MappedPart {
  const place = part.witness === undefined ? undefined : places.get(part.witness);
  const make = (): MappedPart => {
    const lines = mappingsOf(part.text, places);
    const sources = lines.flatMap((line) => line?.source ?? []);
    // What stands before the witness is no part of it, and stays where it is when the witness moves.
    const movesAsOne =
      place !== undefined && sources.every(({ file, line }) => file === place.node.file && line >= place.node.line);
    return Object.freeze({ lines, files: [...new Set(sources.map(({ file }) => file))], movesAsOne });
  };
  return place ? kept(part, place, make) : make();
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
