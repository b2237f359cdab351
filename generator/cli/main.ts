#!/usr/bin/env node
import module from "node:module";
import { createProgram } from "./program.ts";
import { createTerminal } from "./terminal.ts";

// Node 22 and later can keep compiled code on disk; the parser that `codegen` loads is most of it.
(module as { readonly enableCompileCache?: () => unknown }).enableCompileCache?.(); // not in the types of Node 20

/** Exit codes: 0 done · 1 a bug of jobwright · 2 could not be done · 4 findings (`codegen --check`) · 130/143 signals. */
const terminal = createTerminal();
const program = createProgram(terminal);
try {
  await program.parseAsync(process.argv);
  process.exitCode ??= 0;
} catch (error) {
  process.exitCode = terminal.fail(error, process.argv);
}
