import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { JobwrightError } from "../../runtime/contract/index.ts";
import { exporters } from "../export/exporters.ts";
import { print } from "../generate.ts";
import type { Terminal } from "./terminal.ts";

export interface ExportFlags {
  readonly schema?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Prints the schema in the form that other tools read, to stdout or into a file. */
export async function exportSchema(terminal: Terminal, format: string, flags: ExportFlags): Promise<void> {
  const emitter = Object.hasOwn(exporters, format) ? exporters[format] : undefined;
  if (!emitter) {
    throw new JobwrightError("JW_USAGE", `There is no export to ${JSON.stringify(format)}.`, {
      hint: `Take one of ${Object.keys(exporters).join(", ")}.`,
    });
  }
  const cwd = process.cwd();
  const files = await print({ cwd, ...(flags.schema === undefined ? {} : { schema: flags.schema }) }, [emitter]);
  const text = files.map((file) => file.text).join("");
  if (flags.out === undefined) return void process.stdout.write(text);
  write(resolve(cwd, flags.out), text);
  if (flags.json) terminal.json({ ok: true, file: resolve(cwd, flags.out) });
  else terminal.done(flags.out);
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    const hint = "Check that its folder exists and may be written.";
    throw new JobwrightError("JW_USAGE", `${file} cannot be written.`, { hint, cause });
  }
}
