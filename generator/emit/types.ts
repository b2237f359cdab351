import { createMemo } from "../memo.ts";
import { groupBy } from "../model/group.ts";
import type { JobModel, Model, NamedType, WorkflowModel } from "../model/model.ts";
import { type DeclaredPart, emitDeclarationMap } from "./declaration-map.ts";
import type { EmitContext, Emitter } from "./emitter.ts";
import { eventsEntry } from "./event-types.ts";
import { aboutJob, createSidePrinters, printJob, type SidePrinters, withDocs, withoutOutput } from "./job-types.ts";
import { hasNamespaces, printTree, type TreeMember } from "./name-tree.ts";
import { jsDoc, maxWidth, pascalCase, typeKey } from "./text.ts";
import type { TypeNames } from "./type-names.ts";
import { createWireTypes, type WireTypes } from "./wire-types.ts";
import { flowImports, workflowClientType } from "./workflow-types.ts";
import { pathToSchema, typeImports } from "./written-imports.ts";

/** Types only: what the application sees of its jobs. */
export const typesEmitter: Emitter = {
  name: "types",
  emit(model, context) {
    const parts = partsOf(model, context);
    const text = parts.map((part) => part.text).join("\n");
    const { typesFile: name, schema, places } = context;
    if (name === "types.ts") return [{ name, text }];
    const map = `${name}.map`;
    // The map first: declarations never name one that is not there.
    return [
      { name: map, text: emitDeclarationMap(parts, { file: name, schema, places }) },
      { name, text: `${text}\n//# sourceMappingURL=${map}\n` },
    ];
  },
};

function partsOf(model: Model, context: EmitContext): readonly DeclaredPart[] {
  const { schema, header, extension, shared } = context;
  const printers = createSidePrinters(context.names);
  const wire = createWireTypes(model, context);
  const named = model.named.flatMap((type) => [...printNamed(type, printers, context.names), ...wire.ofNamed(type)]);
  const jobs = model.jobs.map((job) => printed(job, shared, () => partOf(job, printers, wire)));
  const flows = (model.workflows ?? []).map((flow) => printFlow(flow, printers));
  const imports = typeImports(model, pathToSchema(schema), extension);
  const plain = (text: string): DeclaredPart => ({ text });
  return [
    plain(header + runtimeImport(model) + imports),
    ...named.map(plain),
    ...jobs,
    ...flows.map(plain),
    plain(maps(model)),
  ];
}

const printed = createMemo<JobModel, DeclaredPart>();

function partOf(job: JobModel, printers: SidePrinters, wire: WireTypes): DeclaredPart {
  return Object.freeze({ text: printJob(job, printers, wire), witness: `${pascalCase(job.name)}Client` });
}

function printNamed(
  { id, in: input, out, docs }: NamedType,
  printers: SidePrinters,
  names: TypeNames,
): readonly string[] {
  const first = names.ref(id, "in");
  const second = names.ref(id, "out");
  return [
    jsDoc(docs) + printers.in.declare(first, input),
    ...(first === second ? [] : [jsDoc(docs) + printers.out.declare(second, out)]),
  ];
}

function printFlow(flow: WorkflowModel, printers: SidePrinters): string {
  const name = pascalCase(flow.name);
  const input = printers.declareSides(`${name}Input`, `${name}Payload`, flow.input, [
    withDocs(`What \`jobs.${flow.name}.enqueue\` takes.`, flow.docs, ""),
    { text: `What the nodes of \`${flow.name}\` get of it.` },
  ]);
  const output = flow.output
    ? printers.declareSides(`${name}Return`, `${name}Output`, flow.output, [
        { text: `What \`${flow.name}\` gives to others as a part of them.` },
        { text: `What the result of \`${flow.name}\` is.` },
      ])
    : withoutOutput(flow.name, name, "undefined");
  const about = jsDoc({ text: `What the signals of \`${flow.name}\` carry.` });
  const signals = flow.signals ? [about + printers.in.declare(`${name}Signals`, flow.signals.in)] : [];
  return [input, output, ...signals, workflowClientType(flow, name)].join("\n");
}

function runtimeImport(model: Model): string {
  const names = [
    ...flowImports(model.workflows ?? []),
    "ClientEvents",
    "ControlClient",
    "EnqueueManyOptions",
    "EnqueueOptions",
    "JobEvents",
    "JobEventType",
    "JobHandle",
    "ScheduleInfo",
    "ScheduleSettings",
    "SyncEnqueueManyOptions",
    "SyncEnqueueOptions",
    "TransactionKind",
    ...(model.jobs.some((job) => !job.transactional && !job.batch) ? ["JobContext"] : []),
    ...(model.jobs.some((job) => job.batch) ? ["BatchContext", "BatchItem", "BatchOutcome"] : []),
    ...(model.jobs.some((job) => job.errors) ? ["DeclaredErrors", "FailureOf"] : []),
    ...(hasTransactional(model) ? ["Transactional", "TransactionalContext"] : []),
    ...(hasNamespaces(model) ? ["HandlersOf"] : []),
  ];
  return `import type {\n${names
    .sort()
    .map((name) => `  ${name},\n`)
    .join("")}} from "jobwright/codegen/v1";\n`;
}

/** Whether the worker's types depend on the provider's kind of transaction. */
export function hasTransactional({ jobs }: Model): boolean {
  return jobs.some((job) => job.transactional);
}

function maps(model: Model): string {
  const { jobs } = model;
  const [parameter, argument] = hasTransactional(model) ? ["<Tx = unknown>", "<Tx>"] : ["", ""];
  const handlers = jobs.map(({ name: job, docs, transactional }): TreeMember => {
    const name = pascalCase(job);
    const type = transactional
      ? `Transactional<Tx, ${name}Handler<Tx> | ${name}Handle<Tx>>`
      : `${name}Handler | ${name}Handle`;
    return { name: job, docs, type };
  });
  const returns = jobs.map((job) => `  readonly ${typeKey(job.name)}: ${pascalCase(job.name)}Return;\n`);
  const ends = jobs.map(eventsEntry);
  const queues = groupBy(jobs, (job) => job.queue);
  const lanes = [...queues].sort(([a], [b]) => (a < b ? -1 : 1)).map(([queue, members]) => queueEntry(queue, members));
  const clients = [
    ...jobs.map((job): TreeMember => ({
      name: job.name,
      docs: withDocs("", job.docs, aboutJob(job)),
      type: `${pascalCase(job.name)}Client<Tx>`,
    })),
    ...(model.workflows ?? []).map(({ name, docs }) => ({ name, docs, type: `${pascalCase(name)}Client<Tx>` })),
  ];
  return (
    `/** A handler for every job. */\nexport interface JobHandlers${parameter} {\n${printTree(handlers)}}\n\n` +
    `/** The jobs of each queue. */\nexport interface QueueJobs {\n${lanes.join("")}}\n\n` +
    `export type QueueName = keyof QueueJobs;\n\n` +
    `/** Handlers of exactly the jobs on the queues \`Q\`. */\n` +
    `export type HandlersFor<Q extends QueueName${hasTransactional(model) ? ", Tx = unknown" : ""}> = ` +
    `${hasNamespaces(model) ? "HandlersOf" : "Pick"}<JobHandlers${argument}, QueueJobs[Q]>;\n\n` +
    `/** What the handler of each job returns. */\nexport interface JobReturns {\n${returns.join("")}}\n\n` +
    `/** How each job can end. */\nexport interface JobEnds {\n${ends.join("")}}\n\n` +
    `/** The client that \`createJobs\` makes. */\n` +
    `export interface Jobs<Tx extends TransactionKind = TransactionKind> {\n${printTree(clients)}` +
    `  /** Chains, batches and workflows that are drawn at run time. */\n  readonly $flow: FlowClient<Tx>;\n` +
    `  /** The operator's verbs, over all jobs. */\n  readonly $control: ControlClient;\n` +
    `  /** How jobs ended, wherever they ran. */\n  readonly $events: ClientEvents<JobEnds>;\n}\n`
  );
}

function queueEntry(queue: string, jobs: readonly JobModel[]): string {
  const key = /^[A-Za-z_$][\w$]*$/.test(queue) ? queue : JSON.stringify(queue);
  const names = jobs.map((job) => JSON.stringify(job.name));
  const line = `  readonly ${key}: ${names.join(" | ")};\n`;
  return line.length <= maxWidth + 1
    ? line
    : `  readonly ${key}:\n${names.map((name) => `    | ${name}`).join("\n")};\n`;
}
