import { type EnqueueResult, JobwrightError, type NewJob, type Provider } from "../contract/index.ts";
import type { JobDescriptor, SchemaDescriptor } from "../core/descriptor.ts";
import { parseDuration, shown } from "../core/duration.ts";
import { createJobCodec, type JobCodec } from "../core/job-codec.ts";
import { loadSchema } from "../core/schema-module.ts";
import { createUuidV7 } from "../core/uuid.ts";
import { createControlClient } from "./control.ts";
import { createHandle } from "./handle.ts";
import type {
  ClientOptions,
  EnqueueManyOptions,
  EnqueueOptions,
  JobClient,
  JobHandle,
  TransactionKind,
} from "./types.ts";

/** Stands for every kind: at run time it is the provider that knows. */
interface AnyTransaction extends TransactionKind {
  readonly mode: "async";
}

/** Options as they arrive at run time, whatever the provider's type allowed. */
type AnyOptions = EnqueueOptions<AnyTransaction>;

/** `enqueueInTransaction` of either kind; `Capabilities.transactions` says which, or that there is none. */
type InTransaction = (
  jobs: readonly NewJob[],
  tx: unknown,
) => readonly EnqueueResult[] | Promise<readonly EnqueueResult[]>;

/** The runtime half of a generated client; `Jobs` is the generated type of the object that it returns. */
export async function createClient<Jobs>(
  descriptor: SchemaDescriptor,
  options: ClientOptions<Provider>,
): Promise<Jobs> {
  const { provider } = options;
  const schema = await loadSchema(descriptor);
  await provider.start();
  const newId = createUuidV7();
  const clients = descriptor.jobs.map((job) => {
    const codec = createJobCodec(job, schema.job(job.name));
    return [job.name, createJobClient(provider, job, codec, newId)] as const;
  });
  // One property per job of the descriptor, which the generator made together with the type `Jobs`.
  return Object.freeze({ ...Object.fromEntries(clients), $control: createControlClient(provider) }) as Jobs;
}

type UntypedHandle = JobHandle<unknown, unknown>;

type UntypedJobClient = Omit<JobClient<unknown, unknown>, "enqueue" | "enqueueMany" | "handle"> & {
  handle(id: string): UntypedHandle;
  enqueue(input: unknown, options?: AnyOptions): unknown;
  enqueueMany(inputs: readonly unknown[], options?: EnqueueManyOptions<AnyTransaction>): unknown;
};

function createJobClient(
  provider: Provider,
  job: JobDescriptor,
  codec: JobCodec,
  newId: () => string,
): UntypedJobClient {
  const toHandle = (result: EnqueueResult): UntypedHandle => createHandle(provider, job, codec, result);

  function toNewJob(input: unknown, options: AnyOptions): NewJob {
    return {
      id: options.id === undefined ? newId() : checkId(options.id),
      name: job.name,
      queue: job.queue,
      version: job.version,
      priority: checkPriority(options.priority ?? job.priority),
      maxCrashes: job.maxCrashes,
      payload: codec.encodeInput(input),
      ...(options.runAt === undefined ? {} : { runAt: checkTime(options.runAt) }),
      ...(options.delay === undefined ? {} : { delayMs: parseDuration(options.delay, "delay") }),
    };
  }

  /** The common case with the fewest promises: many callers at once make up the throughput of a store with group commit. */
  async function enqueueOne(input: unknown, options: AnyOptions): Promise<UntypedHandle | undefined> {
    const [result] = await provider.enqueue([toNewJob(input, options)]);
    return result && toHandle(result);
  }

  function persist(jobs: readonly NewJob[], tx: unknown): Promise<UntypedHandle[]> | UntypedHandle[] {
    if (tx === undefined) return provider.enqueue(jobs).then((results) => results.map(toHandle));
    const results = transactional(provider)(jobs, tx);
    return results instanceof Promise ? results.then((done) => done.map(toHandle)) : results.map(toHandle);
  }

  /** A refused input is a rejected promise outside a transaction, and thrown inside a synchronous one. */
  function attempt<T>(tx: unknown, body: () => T): T | Promise<never> {
    try {
      return body();
    } catch (error) {
      if (tx !== undefined && provider.capabilities.transactions === "sync") throw error;
      return Promise.reject(error);
    }
  }

  return {
    name: job.name,
    enqueue(input, options = {}) {
      if (options.tx === undefined) return enqueueOne(input, options);
      return attempt(options.tx, () => {
        const handles = persist([toNewJob(input, options)], options.tx);
        return handles instanceof Promise ? handles.then(([handle]) => handle) : handles[0];
      });
    },
    enqueueMany(inputs, options = {}) {
      return attempt(options.tx, () => {
        refuseSharedId(options);
        return persist(
          inputs.map((input, index) => at(index, () => toNewJob(input, options))),
          options.tx,
        );
      });
    },
    handle: (id) => createHandle(provider, job, codec, { id, outcome: "duplicate" }),
  };
}

/** The type has no `id` here, but lets a wider object pass; one id for all would make all but the first a duplicate. */
function refuseSharedId(options: object): void {
  if (!("id" in options) || options.id === undefined) return;
  throw new JobwrightError("JW_INVALID_OPTION", "`enqueueMany` takes no `id`: it would be that of every job.", {
    hint: "Call `enqueue` for each job that needs an id of your own.",
  });
}

/** Says which one of many inputs was refused. */
function at<T>(index: number, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!JobwrightError.is(error)) throw error;
    throw new JobwrightError(error.code, `Input ${index}: ${error.message}`, {
      details: { ...error.details, index },
      cause: error.cause,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

function transactional(provider: Provider): InTransaction {
  if (provider.capabilities.transactions !== "none" && "enqueueInTransaction" in provider) {
    return provider.enqueueInTransaction as InTransaction; // the capability promises this member
  }
  throw new JobwrightError("JW_INVALID_OPTION", "This provider cannot enqueue in a transaction of yours.", {
    hint: "Leave `tx` out and enqueue after the commit, or keep jobs on a provider that shares your database.",
  });
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function checkId(id: string): string {
  if (typeof id === "string" && uuid.test(id)) return id;
  throw new JobwrightError("JW_INVALID_OPTION", `id is ${shown(id)}, which is not a UUID in lower case.`, {
    hint: "Leave it out, or derive a UUID from what makes the job one and the same.",
  });
}

const minPriority = -32_768;
const maxPriority = 32_767;

function checkPriority(priority: number): number {
  if (Number.isInteger(priority) && priority >= minPriority && priority <= maxPriority) return priority;
  throw new JobwrightError("JW_INVALID_OPTION", `priority is ${shown(priority)}.`, {
    hint: `Give an integer from ${minPriority} to ${maxPriority}; smaller runs first.`,
  });
}

/** Year 9999: what every store and date library can hold. */
const maxTime = Date.UTC(9999, 11, 31);

function checkTime(runAt: Date): number {
  const ms = runAt instanceof Date ? runAt.getTime() : Number.NaN;
  if (ms >= 0 && ms <= maxTime) return ms;
  throw new JobwrightError("JW_INVALID_OPTION", "runAt is not a valid Date between 1970 and 9999.");
}
