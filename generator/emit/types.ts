import { groupBy } from "../model/group.ts";
import type { Docs, JobModel, Model, Sides } from "../model/model.ts";
import { emitDeclarationMap } from "./declaration-map.ts";
import type { EmitContext, Emitter } from "./emitter.ts";
import { render } from "./layout.ts";
import { eventsEntry, listenMethod } from "./event-types.ts";
import { hasNamespaces, printTree, type TreeMember } from "./name-tree.ts";
import { createTypePrinter } from "./print-type.ts";
import { formatMs, jsDoc, maxWidth, pascalCase, typeKey } from "./text.ts";
import { createWireTypes } from "./wire-types.ts";
import { flowImports, method, nodeMethod, workflowClientType } from "./workflow-types.ts";
import { pathToSchema, typeImports } from "./written-imports.ts";

/** Types only: what the application sees of its jobs. */
export const typesEmitter: Emitter = {
  name: "types",
  emit(model, context) {
    const text = printTypes(model, context);
    const { typesFile: name, schema, places } = context;
    if (name === "types.ts") return [{ name, text }];
    const map = `${name}.map`;
    // The map first: declarations never name one that is not there.
    return [
      { name: map, text: emitDeclarationMap(text, { file: name, schema, places }) },
      { name, text: `${text}\n//# sourceMappingURL=${map}\n` },
    ];
  },
};

function printTypes(model: Model, context: EmitContext): string {
  const { names, schema, header, extension } = context;
  const printers = { in: createTypePrinter(names, "in"), out: createTypePrinter(names, "out") };
  const wire = createWireTypes(model, context);

  function declareSides(first: string, second: string, sides: Sides, docs: readonly [Docs, Docs]): string {
    const [firstDocs, secondDocs] = docs;
    const input = jsDoc(firstDocs) + printers.in.declare(first, sides.in);
    if (names.same(sides)) return `${input}\n${jsDoc(secondDocs)}export type ${second} = ${first};\n`;
    return `${input}\n${jsDoc(secondDocs)}${printers.out.declare(second, sides.out)}`;
  }

  const named = model.named.flatMap((type) => {
    const { id, in: input, out, docs } = type;
    const first = names.ref(id, "in");
    const second = names.ref(id, "out");
    return [
      jsDoc(docs) + printers.in.declare(first, input),
      ...(first === second ? [] : [jsDoc(docs) + printers.out.declare(second, out)]),
      ...wire.ofNamed(type),
    ];
  });

  const jobs = model.jobs.map((job) => {
    const name = pascalCase(job.name);
    const about = aboutJob(job);
    const input = declareSides(`${name}Input`, `${name}Payload`, job.input, [
      withDocs(`What \`jobs.${job.name}.enqueue\` takes.`, job.docs, about),
      { text: `What the handler of \`${job.name}\` gets.` },
    ]);
    const output = job.output
      ? declareSides(`${name}Return`, `${name}Output`, job.output, [
          { text: `What the handler of \`${job.name}\` returns.` },
          { text: `What the result of \`${job.name}\` is.` },
        ])
      : `${jsDoc({ text: `\`${job.name}\` has no output.` })}export type ${name}Return = void;\n\n` +
        `${jsDoc({ text: `\`${job.name}\` has no output.` })}export type ${name}Output = undefined;\n`;
    const errors = job.errors
      ? [
          declareSides(`${name}Errors`, `${name}Failures`, job.errors, [
            { text: `What the handler of \`${job.name}\` can throw with \`ctx.errors\`.` },
            { text: `What the errors of \`${job.name}\` tell its caller.` },
          ]),
        ]
      : [];
    const progress = job.progress
      ? [
          declareSides(`${name}Progress`, `${name}Seen`, job.progress, [
            { text: `What the handler of \`${job.name}\` reports with \`ctx.progress\`.` },
            { text: `What \`progress()\` of a handle of \`${job.name}\` gives.` },
          ]),
        ]
      : [];
    const all = [
      input,
      output,
      ...wire.ofJob(job),
      ...errors,
      ...progress,
      handlerTypes(job, name),
      clientType(job, name),
    ];
    return all.join("\n");
  });

  const flows = (model.workflows ?? []).map((flow) => {
    const name = pascalCase(flow.name);
    const input = declareSides(`${name}Input`, `${name}Payload`, flow.input, [
      withDocs(`What \`jobs.${flow.name}.enqueue\` takes.`, flow.docs, ""),
      { text: `What the nodes of \`${flow.name}\` get of it.` },
    ]);
    const output = flow.output
      ? declareSides(`${name}Return`, `${name}Output`, flow.output, [
          { text: `What \`${flow.name}\` gives to others as a part of them.` },
          { text: `What the result of \`${flow.name}\` is.` },
        ])
      : `${jsDoc({ text: `\`${flow.name}\` has no output.` })}export type ${name}Return = undefined;\n\n` +
        `${jsDoc({ text: `\`${flow.name}\` has no output.` })}export type ${name}Output = undefined;\n`;
    const about = jsDoc({ text: `What the signals of \`${flow.name}\` carry.` });
    const signals = flow.signals ? [about + printers.in.declare(`${name}Signals`, flow.signals.in)] : [];
    return [input, output, ...signals, workflowClientType(flow, name)].join("\n");
  });

  const imports = typeImports(model, pathToSchema(schema), extension);
  return [header + runtimeImport(model) + imports, ...named, ...jobs, ...flows, maps(model)].join("\n");
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

/** What a handler takes, besides its declared errors, and what it returns. */
interface Signature {
  /** Types that the signature needs, each ended by an empty line. */
  readonly before: string;
  readonly parameter: "" | "<Tx>";
  readonly payload: string;
  readonly context: string;
  readonly result: string;
}

function signatureOf(job: JobModel, name: string): Signature {
  if (job.batch) return batchSignature(job, name);
  const payload = `payload: ${name}Payload`;
  const result = `Promise<${name}Return>`;
  const progress = job.progress ? `${name}Progress` : "";
  return job.transactional
    ? { before: "", parameter: "<Tx>", payload, context: generic("TransactionalContext", "Tx", progress), result }
    : {
        before: "",
        parameter: "",
        payload,
        context: generic("JobContext", progress),
        result: `${name}Return | ${result}`,
      };
}

/** Without arguments that are empty. */
function generic(type: string, ...given: readonly string[]): string {
  const args = given.filter((arg) => arg !== "");
  return args.length === 0 ? type : `${type}<${args.join(", ")}>`;
}

function batchSignature({ name: job, output, progress }: JobModel, name: string): Signature {
  const text = `An outcome for each job of a batch of \`${job}\`, in the order of the items.`;
  // Without an output there is nothing to say of a batch that went well.
  const outcomes = output ? `${name}Outcomes` : `void | ${name}Outcomes`;
  return {
    before: `${jsDoc({ text })}export type ${name}Outcomes = readonly BatchOutcome<${name}Return>[];\n\n`,
    parameter: "",
    payload: `items: readonly ${generic("BatchItem", `${name}Payload`, progress ? `${name}Progress` : "")}[]`,
    context: `BatchContext<${name}Return>`,
    result: `${outcomes} | Promise<${outcomes}>`,
  };
}

function handlerTypes(job: JobModel, name: string): string {
  const { before, parameter, payload, context, result } = signatureOf(job, name);
  const parameters = [payload, `ctx: ${context}${job.errors ? ` & DeclaredErrors<${name}Errors>` : ""}`];
  const deprecated: Docs = job.docs.deprecated === undefined ? {} : { deprecated: job.docs.deprecated };
  return (
    before +
    `${jsDoc({ text: `Handler of \`${job.name}\` as a function.`, ...deprecated })}` +
    handleType(name, parameter, parameters, result) +
    `${jsDoc({ text: `Handler of \`${job.name}\` as a class: \`class Mine implements ${name}Handler${parameter}\`.`, ...deprecated })}` +
    `export interface ${name}Handler${parameter} {\n${method("handle", parameters, result)}\n}\n`
  );
}

/**
 * Printed per job, though `JobClient` says the same: the compiler then has nothing to instantiate but the transaction.
 * What belongs to a promise comes first, because errors quote the first signature.
 */
function clientType(model: JobModel, name: string): string {
  const { name: job, errors, progress } = model;
  // What follows has to be told from what is left out.
  const failure = errors ? `FailureOf<${name}Failures>` : progress ? "never" : "";
  const handle = generic("JobHandle", `${name}Output`, failure, progress ? `${name}Seen` : "");
  const many = `readonly ${handle}[]`;
  const [input, inputs] = [`input: ${name}Input`, `inputs: readonly ${name}Input[]`];
  return `/** Client of \`${job}\`. */
export interface ${name}Client<Tx extends TransactionKind = TransactionKind> {
  readonly name: string;
  /** Validates the input and persists a job. Resolves when the store has accepted it. */
${method("enqueue", [input, "options?: EnqueueOptions<Tx>"], `Promise<${handle}>`)}
  /** In a transaction of a provider whose transactions are synchronous: returns at once, without a promise. */
${method("enqueue", [input, "options: SyncEnqueueOptions<Tx>"], handle)}
  /** Persists many jobs in one step: all of them, or none when one input is refused. */
${method("enqueueMany", [inputs, "options?: EnqueueManyOptions<Tx>"], `Promise<${many}>`)}
  /** In a transaction of a provider whose transactions are synchronous: returns at once, without a promise. */
${method("enqueueMany", [inputs, "options: SyncEnqueueManyOptions<Tx>"], many)}
${nodeMethod(model, name)}
  /** The handle of a job enqueued earlier, perhaps by another process. */
  handle(id: string): ${handle};
${listenMethod(job)}
  /** Stops claims of this job, on all processes. Enqueues are still accepted, and what runs goes on. Idempotent. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Enqueues this job at every slot, until \`unschedule\`; the same id again changes the schedule. Resolves with its key. */
${method("schedule", ["id: string", `options: ScheduleSettings & { readonly ${input} }`], "Promise<string>")}
  /** The schedule with this id, and when its slots come; undefined if there is none. */
  getSchedule(id: string): Promise<ScheduleInfo | undefined>;
  /** Resolves with whether there was such a schedule. */
  unschedule(id: string): Promise<boolean>;
}
`;
}

function handleType(name: string, parameter: string, items: readonly string[], result: string): string {
  return `${render({ open: `export type ${name}Handle${parameter} = (`, items, close: `) => ${result};` }, "", 0, 0)}\n\n`;
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

/** The policy in a line, for hovers. */
function aboutJob({ queue, retry, timeoutMs, batch }: JobModel): string {
  const attempts = retry.maxAttempts === 1 ? "1 attempt" : `${retry.maxAttempts} attempts`;
  const batches = batch ? `, batches of up to ${batch.size}` : "";
  return `Queue \`${queue}\`, ${attempts}, timeout ${formatMs(timeoutMs)}${batches}.`;
}

function withDocs(title: string, docs: Docs, about: string): Docs {
  const text = [title, docs.text ?? "", about].filter((part) => part !== "").join("\n\n");
  return { text, ...(docs.deprecated === undefined ? {} : { deprecated: docs.deprecated }) };
}
