import type { Docs, JobModel, Sides } from "../model/model.ts";
import { listenMethod } from "./event-types.ts";
import { render } from "./layout.ts";
import { createTypePrinter, type TypePrinter } from "./print-type.ts";
import { formatMs, jsDoc, pascalCase } from "./text.ts";
import type { TypeNames } from "./type-names.ts";
import type { WireTypes } from "./wire-types.ts";
import { method, nodeMethod } from "./workflow-types.ts";

/** Declare types on both sides of a schema. */
export interface SidePrinters {
  readonly in: TypePrinter;
  readonly out: TypePrinter;
  /** The second is another name of the first where the sides are one type. */
  declareSides(first: string, second: string, sides: Sides, docs: readonly [Docs, Docs]): string;
}

export function createSidePrinters(names: TypeNames): SidePrinters {
  const printers = { in: createTypePrinter(names, "in"), out: createTypePrinter(names, "out") };
  return {
    ...printers,
    declareSides(first, second, sides, [firstDocs, secondDocs]) {
      const input = jsDoc(firstDocs) + printers.in.declare(first, sides.in);
      if (names.same(sides)) return `${input}\n${jsDoc(secondDocs)}export type ${second} = ${first};\n`;
      return `${input}\n${jsDoc(secondDocs)}${printers.out.declare(second, sides.out)}`;
    },
  };
}

/** All types of one job. */
export function printJob(job: JobModel, { declareSides }: SidePrinters, wire: WireTypes): string {
  const name = pascalCase(job.name);
  const input = declareSides(`${name}Input`, `${name}Payload`, job.input, [
    withDocs(`What \`jobs.${job.name}.enqueue\` takes.`, job.docs, aboutJob(job)),
    { text: `What the handler of \`${job.name}\` gets.` },
  ]);
  const output = job.output
    ? declareSides(`${name}Return`, `${name}Output`, job.output, [
        { text: `What the handler of \`${job.name}\` returns.` },
        { text: `What the result of \`${job.name}\` is.` },
      ])
    : withoutOutput(job.name, name, "void");
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
  return [
    input,
    output,
    ...wire.ofJob(job),
    ...errors,
    ...progress,
    handlerTypes(job, name),
    clientType(job, name),
  ].join("\n");
}

/** What stands for the output of a job or workflow that has none. */
export function withoutOutput(of: string, name: string, returned: "void" | "undefined"): string {
  const docs = jsDoc({ text: `\`${of}\` has no output.` });
  return `${docs}export type ${name}Return = ${returned};\n\n${docs}export type ${name}Output = undefined;\n`;
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

/** The policy in a line, for hovers. */
export function aboutJob({ queue, retry, timeoutMs, batch }: JobModel): string {
  const attempts = retry.maxAttempts === 1 ? "1 attempt" : `${retry.maxAttempts} attempts`;
  const batches = batch ? `, batches of up to ${batch.size}` : "";
  return `Queue \`${queue}\`, ${attempts}, timeout ${formatMs(timeoutMs)}${batches}.`;
}

export function withDocs(title: string, docs: Docs, about: string): Docs {
  const text = [title, docs.text ?? "", about].filter((part) => part !== "").join("\n\n");
  return { text, ...(docs.deprecated === undefined ? {} : { deprecated: docs.deprecated }) };
}
