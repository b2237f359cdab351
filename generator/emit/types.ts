import type { ImportExtension } from "../import-extension.ts";
import { groupBy } from "../model/group.ts";
import type { Docs, JobModel, Model, Sides } from "../model/model.ts";
import { render } from "./layout.ts";
import { createTypePrinter } from "./print-type.ts";
import { header, jsDoc, maxWidth, pascalCase } from "./text.ts";
import type { TypeNames } from "./type-names.ts";
import { writtenImports } from "./written-imports.ts";

/** Types only: what the application sees of its jobs. */
export function emitTypes(
  model: Model,
  names: TypeNames,
  schema: string,
  hash: string,
  toSchema: string,
  extension: ImportExtension,
): string {
  const printers = { in: createTypePrinter(names, "in"), out: createTypePrinter(names, "out") };

  function declareSides(first: string, second: string, sides: Sides, docs: readonly [Docs, Docs]): string {
    const [firstDocs, secondDocs] = docs;
    const input = jsDoc(firstDocs) + printers.in.declare(first, sides.in);
    if (names.same(sides)) return `${input}\n${jsDoc(secondDocs)}export type ${second} = ${first};\n`;
    return `${input}\n${jsDoc(secondDocs)}${printers.out.declare(second, sides.out)}`;
  }

  const named = model.named.map(({ id, in: input, out, docs }) => {
    const first = names.ref(id, "in");
    const second = names.ref(id, "out");
    const isOne = first === second;
    return isOne
      ? jsDoc(docs) + printers.in.declare(first, input)
      : `${jsDoc(docs)}${printers.in.declare(first, input)}\n${jsDoc(docs)}${printers.out.declare(second, out)}`;
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
    return [input, output, ...errors, handlerTypes(job, name), clientType(job, name)].join("\n");
  });

  const imports = writtenImports(model, toSchema, extension);
  return [header(schema, hash) + runtimeImport(model) + imports, ...named, ...jobs, maps(model)].join("\n");
}

function runtimeImport(model: Model): string {
  const names = [
    "ControlClient",
    "EnqueueManyOptions",
    "EnqueueOptions",
    "JobHandle",
    "SyncEnqueueManyOptions",
    "SyncEnqueueOptions",
    "TransactionKind",
    ...(model.jobs.some((job) => !job.transactional) ? ["JobContext"] : []),
    ...(model.jobs.some((job) => job.errors) ? ["DeclaredErrors", "FailureOf"] : []),
    ...(hasTransactional(model) ? ["Transactional", "TransactionalContext"] : []),
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

function handlerTypes(job: JobModel, name: string): string {
  const result = job.transactional ? `Promise<${name}Return>` : `${name}Return | Promise<${name}Return>`;
  const base = job.transactional ? "TransactionalContext<Tx>" : "JobContext";
  const context = `ctx: ${base}${job.errors ? ` & DeclaredErrors<${name}Errors>` : ""}`;
  const parameter = job.transactional ? "<Tx>" : "";
  const deprecated: Docs = job.docs.deprecated === undefined ? {} : { deprecated: job.docs.deprecated };
  return (
    `${jsDoc({ text: `Handler of \`${job.name}\` as a function.`, ...deprecated })}` +
    handleType(name, parameter, context, result) +
    `${jsDoc({ text: `Handler of \`${job.name}\` as a class: \`class Mine implements ${name}Handler${parameter}\`.`, ...deprecated })}` +
    `export interface ${name}Handler${parameter} {\n${method("handle", [`payload: ${name}Payload`, context], result)}\n}\n`
  );
}

/**
 * Printed per job, though `JobClient` says the same: the compiler then has nothing to instantiate but the transaction.
 * What belongs to a promise comes first, because errors quote the first signature.
 */
function clientType({ name: job, errors }: JobModel, name: string): string {
  const handle = `JobHandle<${name}Output${errors ? `, FailureOf<${name}Failures>` : ""}>`;
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
  /** The handle of a job enqueued earlier, perhaps by another process. */
  handle(id: string): ${handle};
}
`;
}

function method(name: string, parameters: readonly string[], result: string): string {
  const close = `): ${result};`;
  return `  ${render({ open: `${name}(`, items: parameters, close }, "  ", 2, 0)}`;
}

function handleType(name: string, parameter: string, context: string, result: string): string {
  const items = [`payload: ${name}Payload`, context];
  return `${render({ open: `export type ${name}Handle${parameter} = (`, items, close: `) => ${result};` }, "", 0, 0)}\n\n`;
}

function maps(model: Model): string {
  const { jobs } = model;
  const [parameter, argument] = hasTransactional(model) ? ["<Tx = unknown>", "<Tx>"] : ["", ""];
  const handlers = jobs.map((job) => {
    const name = pascalCase(job.name);
    const type = job.transactional
      ? `Transactional<Tx, ${name}Handler<Tx> | ${name}Handle<Tx>>`
      : `${name}Handler | ${name}Handle`;
    return `${jsDoc(job.docs, "  ")}  readonly ${job.name}: ${type};\n`;
  });
  const queues = groupBy(jobs, (job) => job.queue);
  const lanes = [...queues].sort(([a], [b]) => (a < b ? -1 : 1)).map(([queue, members]) => queueEntry(queue, members));
  const clients = jobs.map((job) => {
    const name = pascalCase(job.name);
    return `${jsDoc(withDocs("", job.docs, aboutJob(job)), "  ")}  readonly ${job.name}: ${name}Client<Tx>;\n`;
  });
  return (
    `/** A handler for every job. */\nexport interface JobHandlers${parameter} {\n${handlers.join("")}}\n\n` +
    `/** The jobs of each queue. */\nexport interface QueueJobs {\n${lanes.join("")}}\n\n` +
    `export type QueueName = keyof QueueJobs;\n\n` +
    `/** Handlers of exactly the jobs on the queues \`Q\`. */\n` +
    `export type HandlersFor<Q extends QueueName${hasTransactional(model) ? ", Tx = unknown" : ""}> = ` +
    `Pick<JobHandlers${argument}, QueueJobs[Q]>;\n\n` +
    `/** The client that \`createJobs\` makes. */\n` +
    `export interface Jobs<Tx extends TransactionKind = TransactionKind> {\n${clients.join("")}` +
    `  /** The operator's verbs, over all jobs. */\n  readonly $control: ControlClient;\n}\n`
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
function aboutJob({ queue, retry, timeoutMs }: JobModel): string {
  const attempts = retry.maxAttempts === 1 ? "1 attempt" : `${retry.maxAttempts} attempts`;
  return `Queue \`${queue}\`, ${attempts}, timeout ${formatMs(timeoutMs)}.`;
}

function formatMs(ms: number): string {
  for (const [unit, size] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const) {
    if (ms % size === 0) return `${ms / size} ${unit}`;
  }
  return `${ms} ms`;
}

function withDocs(title: string, docs: Docs, about: string): Docs {
  const text = [title, docs.text ?? "", about].filter((part) => part !== "").join("\n\n");
  return { text, ...(docs.deprecated === undefined ? {} : { deprecated: docs.deprecated }) };
}
