import { relative } from "node:path";
import { JobwrightError } from "../../runtime/contract/errors.ts";
import { check, generate, type GenerateOptions, type GenerateReport, watch } from "../index.ts";
import { describeFinding } from "../lock/finding.ts";
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
  const options = optionsOf(flags);
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

export interface AcceptFlags extends CodegenFlags {
  readonly reason: string;
}

/** `codegen`, with leave to break the contract of some jobs. */
export async function accept(terminal: Terminal, jobs: readonly string[], flags: AcceptFlags): Promise<void> {
  const reason = flags.reason.trim();
  if (reason === "") {
    throw new JobwrightError("JW_USAGE", "--reason is empty.", {
      hint: "Say why nothing will break; it is kept in the lock.",
    });
  }
  report(terminal, flags, await generate({ ...optionsOf(flags), accept: { jobs, reason } }));
}

function optionsOf({ schema, out, force }: CodegenFlags): GenerateOptions {
  return {
    cwd: process.cwd(),
    ...(schema === undefined ? {} : { schema }),
    ...(out === undefined ? {} : { out }),
    ...(force === undefined ? {} : { force }),
  };
}

async function checkOnly(terminal: Terminal, flags: CodegenFlags, options: Parameters<typeof check>[0]): Promise<void> {
  const result = await check(options);
  if (flags.json) terminal.json({ ok: result.fresh, stale: result.stale });
  else if (result.fresh) terminal.done("the generated files and the lock are up to date");
  else {
    for (const file of result.stale) terminal.data(file.diff);
    terminal.say(
      "✖ JW_CODEGEN_STALE The generated files or the lock do not belong to the schema.\n  → Run `jobwright codegen`.",
    );
  }
  if (!result.fresh) process.exitCode = exitCodes.findings;
}

function report(terminal: Terminal, flags: CodegenFlags, done: GenerateReport): void {
  if (flags.json) return terminal.json({ ok: true, ...done });
  const changed = done.written.length + done.removed.length;
  for (const { findings } of done.changes) {
    for (const finding of findings) terminal.say(`${finding.severity.padEnd(10)} ${describeFinding(finding)}`);
  }
  const folder = relative(process.cwd(), done.out) || ".";
  terminal.done(
    `${done.jobs} ${done.jobs === 1 ? "job" : "jobs"} → ${folder}/ (${changed === 0 ? "unchanged" : `${changed} files`}, ${Math.round(done.totalMs)} ms)`,
  );
}
