import { createHash } from "node:crypto";
import { type Library, libraryOf, mentioned, textOf, withNumbers } from "./compose.ts";
import { moving } from "./moves.ts";
import { creating } from "./new-jobs.ts";
import { headerWith, reading } from "./prelude.ts";
import { closing, writing } from "./reply.ts";

/** A Lua script: what EVALSHA names, and what EVAL sends when the server does not know it (any more). */
export interface Script {
  readonly name: string;
  readonly text: string;
  readonly sha: string;
  /** Whether texts in its reply are bytes, as not all of them are UTF-8. */
  readonly bytes: boolean;
}

/** What a script does besides reading the clock and checking the marker key. */
export interface ScriptKind {
  /**
   * `read`: changes nothing. `grow`: refused when the memory limit is reached. `free`: works at the memory limit too,
   * because its first write frees memory and Redis does not stop a script in the middle.
   */
  readonly kind: "read" | "grow" | "free";
  /** Lua that may mention what stands in `prelude.ts`, `moves.ts`, `new-jobs.ts`, `reply.ts`; ends with `return reply(result)`. */
  readonly body: string;
  /**
   * Body of a function `openRest`, which makes others that most calls do without. Such a script writes what most calls change
   * by itself, and has `closeRest()` instead of `reply`, for what the rest has changed.
   */
  readonly rest?: string;
  /** A field of the marker that the body finds in `meta[3]`. */
  readonly alsoRead?: string;
  /** Default false. */
  readonly bytes?: boolean;
}

const openings: Readonly<Record<ScriptKind["kind"], string>> = {
  read: "local op = tonumber(meta[3]) or 0\n",
  grow: 'local op = call("HINCRBY", KEYS[1], "op", "1")\n',
  // ZREM is not among the commands that Redis denies at the limit; nobody owns this member.
  free: 'call("ZREM", P .. "leases", "")\nlocal op = call("HINCRBY", KEYS[1], "op", "1")\n',
};

const library = libraryOf(reading, moving, creating, writing);

/** Every script has the header `KEYS[1]` = marker key, `KEYS[2]`, `ARGV[1]` = now, `ARGV[2]` = origin; see `prelude.ts`. */
export function defineScript(name: string, { kind, body, rest, alsoRead, bytes = false }: ScriptKind): Script {
  return scriptOf(name, bytes, () => {
    const own = partOf(body);
    const parts = [
      headerWith(kind === "read" ? "op" : alsoRead),
      openings[kind],
      textOf(own.paragraphs),
      rest === undefined ? replyOf(own) : restOf(rest, own.paragraphs),
      body,
    ];
    return withNumbers(parts.join(""));
  });
}

/** A script that does without the prelude. */
export function bareScript(name: string, text: string): Script {
  return scriptOf(name, false, () => text);
}

/** Composed when it is called first: a process needs few of all scripts. */
function scriptOf(name: string, bytes: boolean, compose: () => string): Script {
  let made: Pick<Script, "text" | "sha"> | undefined;
  const script = (): Pick<Script, "text" | "sha"> => {
    if (made) return made;
    const text = compose();
    return (made = { text, sha: createHash("sha1").update(text).digest("hex") });
  };
  return {
    name,
    bytes,
    get text() {
      return script().text;
    },
    get sha() {
      return script().sha;
    },
  };
}

function replyOf({ steps }: Part): string {
  return `
local function reply(result)
${steps}  return { op, meta[2], result }
end
`;
}

interface Part {
  readonly paragraphs: Library;
  /** Lines of `reply`. */
  readonly steps: string;
}

/** What a text needs, beyond what is there already. What the steps of its reply need may need more steps. */
function partOf(text: string, given: Library = []): Part {
  let steps = "";
  for (;;) {
    const paragraphs = mentioned(library, text + steps);
    const names = new Set(paragraphs.flatMap((paragraph) => paragraph.names));
    const found = closing.filter(({ about }) => names.has(about)).map(({ step }) => `  ${step}\n`);
    if (found.join("") === steps) return { paragraphs: paragraphs.filter((one) => !given.includes(one)), steps };
    steps = found.join("");
  }
}

function restOf(rest: string, given: Library): string {
  const part = partOf(rest, given);
  return `
local closeRest
local function openRest(...)
${textOf(part.paragraphs)}  closeRest = function()
${part.steps}  end
${rest}end
`;
}
