import { relative } from "node:path";
import { check, generate, type GenerateReport, watch } from "../index.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

export interface CodegenFlags {
  readonly schema?: string;
  readonly out?: string;
  readonly check?: boolean;
  readonly watch?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export async function codegen(terminal: Terminal, flags: CodegenFlags): Promise<void> {
  const options = {
    cwd: process.cwd(),
    ...(flags.schema === undefined ? {} : { schema: flags.schema }),
    ...(flags.out === undefined ? {} : { out: flags.out }),
    ...(flags.force === undefined ? {} : { force: flags.force }),
  };
  if (flags.check) return checkOnly(terminal, flags, options);
  if (!flags.watch) return report(terminal, flags, await generate(options));
  terminal.say("watching; Ctrl-C ends");
  const watcher = watch({
    ...options,
    onGenerated: (done) => report(terminal, flags, done),
    onError: (error) => void terminal.fail(error, process.argv),
  });
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  await watcher.close();
}

async function checkOnly(terminal: Terminal, flags: CodegenFlags, options: Parameters<typeof check>[0]): Promise<void> {
  const result = await check(options);
  if (flags.json) terminal.json({ ok: result.fresh, stale: result.stale });
  else if (result.fresh) terminal.done("the generated files are up to date");
  else {
    for (const file of result.stale) terminal.data(file.diff);
    terminal.say("✖ JW_CODEGEN_STALE The generated files do not belong to the schema.\n  → Run `jobwright codegen`.");
  }
  if (!result.fresh) process.exitCode = exitCodes.findings;
}

function report(terminal: Terminal, flags: CodegenFlags, done: GenerateReport): void {
  if (flags.json) return terminal.json({ ok: true, ...done });
  const changed = done.written.length + done.removed.length;
  const folder = relative(process.cwd(), done.out) || ".";
  terminal.done(
    `${done.jobs} ${done.jobs === 1 ? "job" : "jobs"} → ${folder}/ (${changed === 0 ? "unchanged" : `${changed} files`}, ${Math.round(done.totalMs)} ms)`,
  );
}
