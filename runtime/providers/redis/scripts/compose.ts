import { jobStates } from "../../../contract/index.ts";
import { gated, headFields, marks } from "./head.ts";

/*
 * Every call of a script makes its functions anew, which costs more than most of them do. So a script is composed of those
 * that it mentions.
 */

/** Some lines of Lua without an empty one among them, and the names that it declares. */
interface Paragraph {
  readonly text: string;
  readonly names: readonly string[];
  readonly words: ReadonlySet<string>;
}

/** Names of Lua that scripts have without saying so, in the order in which they stand there. */
export type Library = readonly Paragraph[];

export function libraryOf(...texts: readonly string[]): Library {
  return texts
    .flatMap((text) => text.trim().split(/\n\n+/))
    .map((text) => ({
      text,
      names: declaredIn(text),
      words: wordsOf(text),
    }));
}

function declaredIn(text: string): readonly string[] {
  return [...text.matchAll(/^local (?:function )?(\w+(?:, \w+)*)/gm)].flatMap(([, names = ""]) => names.split(", "));
}

/** The paragraphs that a text mentions, and those that these mention. */
export function mentioned(library: Library, text: string): Library {
  const taken = new Set<Paragraph>();
  const read = (words: ReadonlySet<string>): void => {
    for (const paragraph of library) {
      if (taken.has(paragraph) || !paragraph.names.some((name) => words.has(name))) continue;
      taken.add(paragraph);
      read(paragraph.words);
    }
  };
  read(wordsOf(text));
  return library.filter((paragraph) => taken.has(paragraph));
}

export function textOf(paragraphs: Library): string {
  return paragraphs.map(({ text }) => `${text}\n`).join("");
}

/** Names in a text, other than those of fields. */
function wordsOf(lua: string): ReadonlySet<string> {
  return new Set(lua.replaceAll(/--.*$/gm, "").match(/(?<![\w"]|(?<!\.)\.)[A-Za-z_]\w*/g));
}

/** Names of numbers: of states, of places in the table of a job, of parts of a head. */
const numbers: ReadonlyMap<string, string> = new Map([
  ...jobStates.map((state, index): [string, string] => [state.toUpperCase(), String(index + 1)]),
  ...headFields.map((field, index): [string, string] => [field, String(index + 1)]),
  // From this kind on a job has gates.
  ["GATED", String(gated)],
  ...Object.entries(marks).map(([mark, value]): [string, string] => [mark.toUpperCase(), String(value)]),
]);

/** Lua has no constants, and names of them would have to be handed to every function. */
export function withNumbers(lua: string): string {
  return lua.replaceAll(/\b[A-Z_]+\b/g, (name) => numbers.get(name) ?? name);
}
