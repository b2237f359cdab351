import type { JobwrightConfig } from "../../runtime/config.ts";
import { JobwrightError, type Provider } from "../../runtime/contract/index.ts";
import { createFlowHandle } from "../../runtime/client/flow/handle.ts";
import type { FlowHandle } from "../../runtime/client/flow/types.ts";
import { settingsOf } from "../../runtime/core/envelope.ts";
import { decodeKnown } from "../../runtime/core/flow/resolve.ts";
import type { FlowStatus, NodeStatus } from "../../runtime/core/flow/status.ts";
import type { Template } from "../../runtime/core/flow/template.ts";
import type { WorkflowSchemas } from "../../runtime/core/flow/workflow-input.ts";
import { loadSchema } from "../../runtime/core/schema-module.ts";
import { nearest } from "../../runtime/schema/suggest.ts";
import { loadSchema as readSchema } from "../build.ts";
import { planDiagram, statusDiagram } from "../export/flow-diagram.ts";
import { loadConfig, withProvider } from "./config.ts";
import { descriptorOf } from "./descriptor.ts";
import type { JobsFlags } from "./jobs.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface WorkflowFlags extends JobsFlags {}

export interface ShowFlags extends WorkflowFlags {
  readonly mermaid?: boolean;
}

export interface RetryFlags extends WorkflowFlags {
  readonly from?: string;
}

export interface GraphFlags {
  readonly schema?: string;
  readonly json?: boolean;
}

export async function show(terminal: Terminal, id: string, flags: ShowFlags): Promise<void> {
  const status = await withFlow(id, flags, (flow) => flow.status());
  const mermaid = flags.mermaid ? statusDiagram(status) : undefined;
  if (flags.json) return terminal.json({ ok: true, workflow: status, ...(mermaid === undefined ? {} : { mermaid }) });
  terminal.data(mermaid ?? tableOf(status));
}

function tableOf({ id, state, nodes }: FlowStatus): string {
  const rows = nodes.map((node) => [node.name, node.job, stateOf(node), needsOf(node), node.cause ?? "", node.id]);
  return `${id} is ${state}\n\n${formatTable(["node", "job", "state", "needs", "because of", "id"], rows)}`;
}

function stateOf({ state, reason }: NodeStatus): string {
  return reason === undefined ? state : `${state} (${reason})`;
}

function needsOf({ needs }: NodeStatus): string {
  return needs.map(({ node, when, status }) => `${node} ${when}: ${status}`).join(", ");
}

export async function cancel(terminal: Terminal, id: string, flags: WorkflowFlags): Promise<void> {
  const outcome = await withFlow(id, flags, (flow) => flow.cancel());
  if (flags.json) return terminal.json({ ok: true, outcome });
  terminal.data(outcome);
}

export async function retry(terminal: Terminal, id: string, flags: RetryFlags): Promise<void> {
  const outcomes = await withFlow(id, flags, (flow) => flow.retry(flags.from));
  if (flags.json) return terminal.json({ ok: true, outcomes });
  const rows = Object.entries(outcomes);
  terminal.data(rows.length === 0 ? "nothing to run again" : formatTable(["node", "outcome"], rows));
}

interface Signal {
  readonly name: string;
  readonly json: string | undefined;
}

export async function signal(
  terminal: Terminal,
  id: string,
  { name, json }: Signal,
  flags: WorkflowFlags,
): Promise<void> {
  const payload = json === undefined ? undefined : parsePayload(json);
  const isTaken = await withFlow(id, flags, (flow) => flow.signal(name, payload), loadWorkflows);
  if (flags.json) return terminal.json({ ok: true, taken: isTaken });
  terminal.done(isTaken ? `${name} goes on` : `${name} had ended before`);
}

function parsePayload(json: string): unknown {
  try {
    return decodeKnown(JSON.parse(json) as Template); // JSON
  } catch (cause) {
    throw new JobwrightError("JW_USAGE", `The payload ${json} is not JSON.`, {
      cause,
      hint: `Quote it for the shell: '{ "by": "Ada" }'. What JSON lacks is written as '{ "$": "date", "v": 0 }'.`,
    });
  }
}

export async function graph(terminal: Terminal, name: string, flags: GraphFlags): Promise<void> {
  const schema = flags.schema === undefined ? {} : { schema: flags.schema };
  const { model } = await readSchema({ cwd: process.cwd(), ...schema });
  const workflows = model.workflows ?? [];
  const workflow = workflows.find((known) => known.name === name);
  if (!workflow)
    throw unknownWorkflow(
      name,
      workflows.map((known) => known.name),
    );
  const mermaid = planDiagram(workflow.plan);
  if (flags.json) return terminal.json({ ok: true, mermaid });
  terminal.data(mermaid);
}

function unknownWorkflow(name: string, names: readonly string[]): JobwrightError {
  const meant = nearest(name, names);
  const list = names.length === 0 ? "The schema has none." : `There are ${names.join(", ")}.`;
  return new JobwrightError("JW_USAGE", `The schema has no workflow ${name}.`, {
    hint: meant === undefined ? list : `Did you mean ${meant}?`,
  });
}

/** The flow of that id, or that in which the job of that id is a node. */
async function withFlow<T>(
  id: string,
  flags: WorkflowFlags,
  body: (flow: FlowHandle<unknown>) => Promise<T>,
  load: typeof loadWorkflows = () => Promise.resolve(unknownSchema),
): Promise<T> {
  const config = await loadConfig(flags.config);
  return await withProvider(config, async (provider) => {
    await provider.start();
    const flow = await flowOf(provider, id);
    return await body(createFlowHandle(provider, flow, { makers: new Map(), workflows: await load(config, flags) }));
  });
}

/** For payloads. What is found of the schema has to be that of the generated code. */
async function loadWorkflows(config: JobwrightConfig, flags: WorkflowFlags): Promise<WorkflowSchemas> {
  const descriptor = await descriptorOf(config, flags.config);
  return descriptor ? (await loadSchema(descriptor)).workflow : unknownSchema;
}

function unknownSchema(workflow: string): never {
  throw new JobwrightError("JW_CONFIG", `No generated code was found that knows ${workflow}.`, {
    hint: "Run `jobwright codegen`, or give the generated `descriptor` in jobwright.config.ts.",
  });
}

async function flowOf(provider: Provider, id: string): Promise<string> {
  const job = await provider.get(id);
  const flow = job && settingsOf(job.payload)?.flow;
  if (flow) return flow.id;
  throw new JobwrightError(
    "JW_NOT_FOUND",
    job ? `Job ${id} is not part of a workflow.` : `There is no workflow ${id}.`,
    {
      hint: job ? `\`jobwright jobs show ${id}\` tells of it.` : "It never existed, or its retention time is over.",
    },
  );
}
