import { type ErrorCode, errorCodes, JobwrightError } from "../../runtime/contract/index.ts";
import { remedies } from "../explain/remedies.ts";
import type { Terminal } from "./terminal.ts";

/** Prints what a code means, how it comes about, and what to do. */
export function explain(terminal: Terminal, given: string, flags: { readonly json?: boolean }): void {
  const code = given.toUpperCase();
  if (!isCode(code)) {
    throw new JobwrightError("JW_USAGE", `There is no error code ${JSON.stringify(given)}.`, {
      hint: "Codes begin with JW_; every message of an error shows its own.",
    });
  }
  const meaning = errorCodes[code];
  const { cause, fix } = remedies[code];
  if (flags.json) return terminal.json({ ok: true, code, meaning, cause, fix });
  terminal.data(`${code}\n${meaning}\n\nCause: ${cause}\nFix:   ${fix}`);
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}
