import type { Command } from "commander";
import type { CronFlags, NextFlags } from "./cron.ts";
import type { Terminal } from "./terminal.ts";

/** Adds `cron list`, `cron next` and so on. */
export function addCronCommands(program: Command, terminal: Terminal): void {
  const cron = program.command("cron").description("look at schedules and act on them");
  const command = (name: string, summary: string): Command =>
    cron
      .command(name)
      .description(summary)
      .option("--json", "print one JSON object")
      .option("--debug", "show stacks")
      .option("--config <file>", "configuration (default: jobwright.config.ts, here or above)");

  command("list", "by key, with the next and the last slot").action(async (flags: CronFlags) =>
    (await import("./cron.ts")).list(terminal, flags),
  );
  command("next", "the slots to come")
    .argument("[key...]")
    .option("--count <n>", "slots of each schedule, 1 to 1000", "5")
    .action(async (keys: string[], flags: NextFlags) => (await import("./cron.ts")).next(terminal, keys, flags));
  command("run", "enqueue a job of the schedule now, beside its slots")
    .argument("<key>")
    .action(async (key: string, flags: CronFlags) => (await import("./cron.ts")).run(terminal, key, flags));
  const verbs = {
    pause: "let no slot be due",
    resume: "go on with the first slot to come",
    remove: "forget schedules; workers put those of the schema again when they start",
  } as const;
  for (const [verb, summary] of Object.entries(verbs) as [keyof typeof verbs, string][]) {
    command(verb, summary)
      .argument("<key...>")
      .action(async (keys: string[], flags: CronFlags) => (await import("./cron.ts")).act(terminal, keys, flags, verb));
  }
}
