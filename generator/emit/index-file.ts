import type { Model } from "../model/model.ts";
import type { EmitContext, Emitter } from "./emitter.ts";
import { hasForeignTypes } from "./foreign-types.ts";
import { render } from "./layout.ts";
import { previousNames } from "./previous-types.ts";
import { hasTransactional } from "./types.ts";

/** The entry of the generated folder. */
export const indexEmitter: Emitter = {
  name: "index",
  emit: (model, context) => [{ name: "index.ts", text: printIndex(model, context) }],
};

function printIndex(model: Model, context: EmitContext): string {
  const { header, extension, typesImport: types } = context;
  const transactional = hasTransactional(model);
  const foreign = hasForeignTypes(model, context);
  return `${header}import {
  type ClientOptions,
  createClient,
  createTypedWorker,
${transactional ? "  type HandlerTransactionOf,\n" : ""}  type Provider,
  type TransactionKindOf,
  type Worker,
  type WorkerOptions,
} from "jobwright/codegen/v1";
import { descriptor } from "./descriptor${extension}";
${foreign ? `import type {} from "./foreign${extension}";\n` : ""}import type { HandlersFor, JobReturns, Jobs, QueueName } from "${types}";

export type * from "${types}";
${printPrevious(model, extension)}export { descriptor };

/** Connects the client: \`const jobs = await createJobs({ provider })\`. */
export function createJobs<P extends Provider>(options: ClientOptions<P>): Promise<Jobs<TransactionKindOf<P>>> {
  return createClient<Jobs<TransactionKindOf<P>>>(descriptor, options);
}

${transactional ? workerOfProvider : worker}`;
}

/** By name, so that nothing else of that file can meet a name of the types. */
function printPrevious(model: Model, extension: string): string {
  const items = previousNames(model);
  if (items.length === 0) return "";
  const close = `} from "./previous${extension}";`;
  return `${render({ open: "export type {", items, close, spaced: true }, "", 0, 0)}\n`;
}

const about =
  "/** Makes a worker: `handlers` has one for each job on the queues that it serves, by default on all. */\n";

const worker = `${about}export function createWorker<Q extends QueueName = QueueName, Fields = unknown>(
  options: WorkerOptions<HandlersFor<Q>, Q, Provider, Fields>,
): Promise<Worker<JobReturns>> {
  return createTypedWorker<HandlersFor<Q>, Q, Fields, JobReturns>(descriptor, options);
}
`;

/** The provider's type says what \`ctx.tx\` is, or that there is none. */
const workerOfProvider = `${about}export function createWorker<P extends Provider, Q extends QueueName = QueueName, Fields = unknown>(
  options: WorkerOptions<HandlersFor<Q, HandlerTransactionOf<P>>, Q, P, Fields>,
): Promise<Worker<JobReturns>> {
  return createTypedWorker<HandlersFor<Q, HandlerTransactionOf<P>>, Q, Fields, JobReturns>(descriptor, options);
}
`;
