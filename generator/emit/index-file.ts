import type { ImportExtension } from "../import-extension.ts";
import { header } from "./text.ts";

/** What the entry imports of the other generated files. */
export interface IndexImports {
  /** Path of the types. */
  readonly types: string;
  /** Whether there are types from elsewhere to be checked. */
  readonly foreign: boolean;
}

/** The entry of the generated folder. */
export function emitIndex(
  schema: string,
  hash: string,
  extension: ImportExtension,
  transactional: boolean,
  { types, foreign }: IndexImports,
): string {
  return `${header(schema, hash)}import {
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
export { descriptor };

/** Connects the client: \`const jobs = await createJobs({ provider })\`. */
export function createJobs<P extends Provider>(options: ClientOptions<P>): Promise<Jobs<TransactionKindOf<P>>> {
  return createClient<Jobs<TransactionKindOf<P>>>(descriptor, options);
}

${transactional ? workerOfProvider : worker}`;
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
