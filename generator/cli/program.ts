import { Command } from "commander";
import type { AcceptFlags, CodegenFlags } from "./codegen.ts";
import type { DiffFlags } from "./diff.ts";
import type { ChangeFlags, TargetFlags } from "./control.ts";
import type { ExportFlags } from "./export.ts";
import type { BulkFlags, JobsFlags, ListFlags } from "./jobs.ts";
import { addCronCommands } from "./cron-commands.ts";
import { addWorkflowCommands } from "./workflow-commands.ts";
import { ownVersion } from "./own-version.ts";
import type { Terminal } from "./terminal.ts";
import type { ViewFlags } from "./view.ts";

/** Every command loads its code when it runs, so that `--help` stays quick. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command("jobwright")
    .description("Typed background jobs from one schema file.")
    .version(ownVersion())
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      "after",
      "\nExit codes: 0 done · 1 bug · 2 could not be done · 4 findings (codegen --check, diff) · 130/143 signals",
    );

  const command = (name: string, summary: string): Command =>
    program
      .command(name)
      .description(summary)
      .option("--json", "print one JSON object")
      .option("--debug", "show stacks");

  command("init", "scaffold a working project in this folder")
    .option("--force", "overwrite files that are already there")
    .action(async (flags: { json?: boolean; force?: boolean }) => (await import("./init.ts")).init(terminal, flags));

  command("codegen", "make the typed client, handlers and worker from jobs.schema.ts")
    .option("--schema <file>", "schema file (default: jobs.schema.ts, here or above)")
    .option("--out <folder>", "output folder (default: generated, next to the schema)")
    .option("--check", "change nothing; exit 4 and print a diff when the output is stale")
    .option("--watch", "run again after every change")
    .option("--force", "overwrite generated files that were edited")
    .action(async (flags: CodegenFlags) => (await import("./codegen.ts")).codegen(terminal, flags));

  command("accept", "codegen, and let jobs break their contract; the lock keeps the reason")
    .argument("<job...>")
    .requiredOption("--reason <text>", "why nothing breaks, for who reads the lock")
    .option("--schema <file>", "schema file (default: jobs.schema.ts, here or above)")
    .option("--out <folder>", "output folder (default: generated, next to the schema)")
    .action(async (jobs: string[], flags: AcceptFlags) => (await import("./codegen.ts")).accept(terminal, jobs, flags));

  command("diff", "what the schema changes for older builds and for jobs in flight; exit 4 when something breaks")
    .requiredOption("--against <what>", "git ref, lock file, or URL of a store")
    .option("--schema <file>", "schema file (default: jobs.schema.ts, here or above)")
    .option("--format <name>", "text, json, github or sarif", "text")
    .option("--namespace <name>", "the store's name on its server")
    .action(async (flags: DiffFlags) => (await import("./diff.ts")).diff(terminal, flags));
  command("export", "print the schema for other tools: json-schema, asyncapi or markdown")
    .argument("<format>")
    .option("--schema <file>", "schema file (default: jobs.schema.ts, here or above)")
    .option("--out <file>", "write into this file instead of stdout")
    .action(async (format: string, flags: ExportFlags) =>
      (await import("./export.ts")).exportSchema(terminal, format, flags),
    );

  command("explain", "tell what an error code means, how it comes about, and what to do")
    .argument("<code>")
    .action(async (code: string, flags: { json?: boolean }) =>
      (await import("./explain.ts")).explain(terminal, code, flags),
    );

  const store = (name: string, summary: string): Command =>
    command(name, summary).option("--config <file>", "configuration (default: jobwright.config.ts, here or above)");

  store("migrate", "create or upgrade the store's tables").action(async (flags: JobsFlags) =>
    (await import("./store.ts")).migrate(terminal, flags),
  );
  store("work", "run the worker until SIGINT or SIGTERM")
    .option("--once", "stop when no job is ready")
    .action(async (flags: JobsFlags & { once?: boolean }) => (await import("./store.ts")).work(terminal, flags));

  const verbs = {
    pause: "stop claims; enqueues are still accepted",
    resume: "let a paused queue or job run again",
  } as const;
  for (const verb of ["pause", "resume"] as const) {
    store(verb, verbs[verb])
      .option("--queue <name>", "all jobs of this queue")
      .option("--job <name>", "all jobs of this definition")
      .action(async (flags: TargetFlags) => (await import("./control.ts")).pause(terminal, verb, flags));
  }

  const jobs = program.command("jobs").description("look at jobs and act on them");
  const jobsCommand = (name: string, summary: string): Command =>
    jobs
      .command(name)
      .description(summary)
      .option("--json", "print one JSON object")
      .option("--debug", "show stacks")
      .option("--config <file>", "configuration (default: jobwright.config.ts, here or above)");

  jobsCommand("list", "newest first, with counts by state")
    .option("--state <state...>", "only these states")
    .option("--job <name...>", "only these job definitions")
    .option("--queue <name...>", "only these queues")
    .option("--tag <tag...>", "only jobs that have all of these tags; without counts")
    .option("--limit <n>", "jobs to show, 1 to 1000", "20")
    .option("--reveal", "with --json: show what is sensitive, too")
    .action(async (flags: ListFlags) => (await import("./jobs.ts")).list(terminal, flags));
  jobsCommand("show", "everything about one job, with its failed attempts and its log")
    .argument("<id>")
    .option("--reveal", "show what is sensitive, too")
    .action(async (id: string, flags: JobsFlags & ViewFlags) => (await import("./show.ts")).show(terminal, id, flags));
  const bulkCommand = (name: string, summary: string): Command =>
    jobsCommand(name, summary)
      .argument("[id...]")
      .option("--all", "all jobs that fit --state, --job, --queue and --tag, instead of ids")
      .option("--state <state...>", "only these states")
      .option("--job <name...>", "only these job definitions")
      .option("--queue <name...>", "only these queues")
      .option("--tag <tag...>", "only jobs that have all of these tags")
      .option("--limit <n>", "with --all: so many jobs at most, the newest first")
      .option("--dry-run", "with --all: only count");
  bulkCommand("retry", "run finished jobs again; with --all dead ones, unless --state says otherwise")
    .option("--spread <duration>", "let them begin evenly over this time, e.g. 10m")
    .action(async (ids: string[], flags: BulkFlags) => (await import("./jobs.ts")).retry(terminal, ids, flags));
  bulkCommand("cancel", "end waiting jobs, and ask running ones to end").action(
    async (ids: string[], flags: BulkFlags) => (await import("./jobs.ts")).cancel(terminal, ids, flags),
  );
  jobsCommand("change", "move waiting jobs in time, or give them another priority")
    .argument("<id...>")
    .option("--delay <duration>", "from now on, e.g. 10m")
    .option("--run-at <time>", "ISO 8601 with its zone, e.g. 2026-12-01T08:00:00Z")
    .option("--priority <n>", "-32768 to 32767; smaller is offered first")
    .action(async (ids: string[], flags: ChangeFlags) => (await import("./control.ts")).change(terminal, ids, flags));
  addCronCommands(program, terminal);
  addWorkflowCommands(program, terminal);
  return program;
}
