import type { Command } from "commander";
import type { Terminal } from "./terminal.ts";
import type { ListFlags } from "./workflow-list.ts";
import type { GraphFlags, RetryFlags, ShowFlags, WorkflowFlags } from "./workflow.ts";

/** Adds `workflow show`, `workflow retry` and so on. */
export function addWorkflowCommands(program: Command, terminal: Terminal): void {
  const workflow = program.command("workflow").description("look at chains, batches and workflows and act on them");
  const plain = (name: string, summary: string): Command =>
    workflow
      .command(name)
      .description(summary)
      .option("--json", "print one JSON object")
      .option("--debug", "show stacks");
  const command = (name: string, summary: string): Command =>
    plain(name, summary)
      .argument("<id>", "of the workflow, or of any of its jobs")
      .option("--config <file>", "configuration (default: jobwright.config.ts, here or above)");

  plain("list", "newest first; of chains and batches, too")
    .option("--config <file>", "configuration (default: jobwright.config.ts, here or above)")
    .option("--state <state...>", "only these states")
    .option("--name <name>", "only this workflow of the schema")
    .option("--limit <n>", "workflows to show, 1 to 1000", "20")
    .action(async (flags: ListFlags) => (await import("./workflow-list.ts")).list(terminal, flags));
  command("show", "every node: its state, what it needs, why it was skipped")
    .option("--mermaid", "print a diagram instead")
    .action(async (id: string, flags: ShowFlags) => (await import("./workflow.ts")).show(terminal, id, flags));
  command("cancel", "end all that waits, and ask what runs to end").action(async (id: string, flags: WorkflowFlags) =>
    (await import("./workflow.ts")).cancel(terminal, id, flags),
  );
  command("retry", "run again what did not succeed")
    .option("--from <node>", "also this node, and all that needs it")
    .action(async (id: string, flags: RetryFlags) => (await import("./workflow.ts")).retry(terminal, id, flags));
  command("signal", "send a signal that a node waits for")
    .argument("<name>", "of the node")
    .argument("[json]", "payload, as the schema declares it")
    .action(async (id: string, name: string, json: string | undefined, flags: WorkflowFlags) =>
      (await import("./workflow.ts")).signal(terminal, id, { name, json }, flags),
    );
  plain("graph", "print a workflow of the schema as a mermaid diagram")
    .argument("<name>")
    .option("--schema <file>", "schema file (default: jobs.schema.ts, here or above)")
    .action(async (name: string, flags: GraphFlags) => (await import("./workflow.ts")).graph(terminal, name, flags));
}
