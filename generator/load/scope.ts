import { register } from "node:module";
import { pathToFileURL } from "node:url";

/** The export by which the schema file evaluates what could stand in it. */
const exported = "$evaluate";

/** A module that was imported, and what its own text would make of an expression; undefined: nobody can ask it. */
export interface Opened {
  readonly module: object;
  readonly evaluate: ((code: string) => unknown) | undefined;
}

/** From now on `file`, when it is imported, can be asked for the value of an expression within it. */
export function openScope(file: string): void {
  register(new URL(import.meta.url.endsWith(".ts") ? "./scope-hook.ts" : "./scope-hook.js", import.meta.url), {
    data: { url: pathToFileURL(file).href, text: `\nexport const ${exported} = (code) => eval(code);\n` },
  });
}

/** What the schema itself exports. */
export function opened(namespace: object): Opened {
  const { [exported]: evaluate, ...module } = namespace as Readonly<Record<string, unknown>>; // any module
  return { module, evaluate: evaluate as Opened["evaluate"] }; // nobody else exports it
}
