import { createHash } from "node:crypto";
import { prelude } from "./prelude.ts";

/** A Lua script: what EVALSHA names, and what EVAL sends when the server does not know it (any more). */
export interface Script {
  readonly name: string;
  readonly text: string;
  readonly sha: string;
}

/** How a script begins, besides reading the clock and checking the marker key. */
export interface ScriptKind {
  /**
   * `read`: changes nothing. `grow`: refused when the memory limit is reached. `free`: works at the memory limit too,
   * because its first write frees memory and Redis does not stop a script in the middle.
   */
  readonly kind: "read" | "grow" | "free";
  /** Lua that follows the prelude. */
  readonly body: string;
}

const openings: Readonly<Record<ScriptKind["kind"], string>> = {
  read: "",
  grow: 'op = call("HINCRBY", KEYS[1], "op", 1)\n',
  // ZREM is not among the commands that Redis denies at the limit; nobody owns this member.
  free: 'call("ZREM", LEASES, "")\nop = call("HINCRBY", KEYS[1], "op", 1)\n',
};

/** Every script has the header `KEYS[1]` = marker key, `KEYS[2]`, `ARGV[1]` = now, `ARGV[2]` = origin; see `prelude.ts`. */
export function defineScript(name: string, { kind, body }: ScriptKind): Script {
  return bareScript(name, `${prelude}${openings[kind]}${body}`);
}

/** A script that does without the prelude. */
export function bareScript(name: string, text: string): Script {
  return { name, text, sha: createHash("sha1").update(text).digest("hex") };
}
