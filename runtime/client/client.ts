import { type EnqueueResult, JobwrightError, type NewJob, type Provider } from "../contract/index.ts";
import type { JobDescriptor, SchemaDescriptor } from "../core/descriptor.ts";
import type { NodeSpec } from "../core/flow/builder.ts";
import { makersOf } from "../core/job-makers.ts";
import { nest } from "../core/name-path.ts";
import { type JobMaker, makeJob, type OneJobOptions } from "../core/new-job.ts";
import { loadSchema } from "../core/schema-module.ts";
import { createUuidV7 } from "../core/uuid.ts";
import { withoutSchema } from "../core/without-schema.ts";
import { createBackPressure } from "./back-pressure.ts";
import { createControlClient } from "./control.ts";
import { createEventClient, type On } from "./events/client.ts";
import { readEventSettings } from "./events/settings.ts";
import { createFlowClient, nodeSpec } from "./flow/client.ts";
import { createWorkflowClient } from "./flow/declared.ts";
import { createHandle } from "./handle.ts";
import { checkMiddleware, withMiddleware } from "./middleware.ts";
import { attempt, persistJobs } from "./persist.ts";
import { lazyScheduleVerbs } from "./schedule-verbs.ts";
import type { NodeSettingsOptions } from "../core/flow/node-settings.ts";
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

/** The runtime half of a generated client; `Jobs` is the generated type of the object that it returns. */
export async function createClient<Jobs>(
  descriptor: SchemaDescriptor,
  options: ClientOptions<Provider>,
): Promise<Jobs> {
  const { provider, encryption } = options;
  const middleware = checkMiddleware(options.middleware ?? []);
  const eventSettings = readEventSettings(options.events, options.logger);
  const schema = options.schema === false ? withoutSchema(descriptor) : await loadSchema(descriptor);
  const makers = makersOf(descriptor, schema, encryption);
  await provider.start();
  const { transactions } = provider.capabilities;
  const events = createEventClient(provider, makers, eventSettings);
  const clients = [...makers].map(([name, maker]) => {
    const client = createJobClient(provider, maker, events.onOf(name));
    return [name, withMiddleware(client, middleware, transactions)] as const;
  });
  const flows = { provider, makers, workflows: schema.workflow, newId: createUuidV7() };
  const workflows = (descriptor.workflows ?? []).map((workflow) => {
    return [workflow.name, createWorkflowClient(flows, workflow, schema.workflow(workflow.name))] as const;
  });
  // One property per job and workflow of the descriptor, which the generator made together with the type `Jobs`.
  return Object.freeze({
    ...nest([...clients, ...workflows]),
    $control: createControlClient(provider, makers),
    $events: events.all,
    $flow: createFlowClient(flows),
  }) as Jobs;
}

type UntypedHandle = JobHandle<unknown, unknown, unknown>;

type UntypedJobClient = Omit<JobClient<unknown, unknown>, "enqueue" | "enqueueMany" | "handle" | "node" | "on"> & {
  readonly on: On;
  node(input: unknown, settings?: NodeSettingsOptions): NodeSpec;
  handle(id: string): UntypedHandle;
  enqueue(input: unknown, options?: AnyOptions): unknown;
  enqueueMany(inputs: readonly unknown[], options?: EnqueueManyOptions<AnyTransaction>): unknown;
};

function createJobClient(provider: Provider, maker: JobMaker, on: On): UntypedJobClient {
  const { job, codec } = maker;
  const toHandle = (result: EnqueueResult): UntypedHandle => createHandle(provider, job, codec, result);
  const backPressure = createBackPressure(provider, job);

  const toNewJob = (input: unknown, options: AnyOptions): NewJob => makeJob(maker, input, options);

  /** The common case with the fewest promises: many callers at once make up the throughput of a store with group commit. */
  async function enqueueOne(input: unknown, options: AnyOptions): Promise<UntypedHandle | undefined> {
    const newJob = toNewJob(input, options);
    if (backPressure) await backPressure();
    const [result] = await provider.enqueue([newJob]);
    return result && toHandle(refuseDuplicate(job, result));
  }

  async function persistAll(jobs: readonly NewJob[]): Promise<UntypedHandle[]> {
    if (backPressure) await backPressure();
    return (await provider.enqueue(jobs)).map(toHandle);
  }

  function persist(jobs: readonly NewJob[], tx: unknown): Promise<UntypedHandle[]> | UntypedHandle[] {
    if (tx === undefined) return persistAll(jobs);
    const results = persistJobs(provider, jobs, tx);
    return results instanceof Promise ? results.then((done) => done.map(toHandle)) : results.map(toHandle);
  }

  return {
    name: job.name,
    enqueue(input, options = {}) {
      if (options.tx === undefined) return enqueueOne(input, options);
      return attempt(provider, options.tx, () => {
        const handles = persist([toNewJob(input, options)], options.tx);
        const accept = ([handle]: readonly UntypedHandle[]): UntypedHandle | undefined =>
          handle && refuseDuplicate(job, handle);
        return handles instanceof Promise ? handles.then(accept) : accept(handles);
      });
    },
    enqueueMany(inputs, options = {}) {
      return attempt(provider, options.tx, () => {
        refuseShared(options);
        return persist(
          inputs.map((input, index) => at(index, () => toNewJob(input, options))),
          options.tx,
        );
      });
    },
    node: (input, settings) => nodeSpec(job.name, input, settings),
    handle: (id) => createHandle(provider, job, codec, { id, outcome: "duplicate" }),
    on,
    pause: () => provider.pause({ name: job.name }),
    resume: () => provider.resume({ name: job.name }),
    ...lazyScheduleVerbs(provider, maker),
  };
}

/** In bulk nothing is refused: the handles tell. */
function refuseDuplicate<T extends Pick<EnqueueResult, "id" | "outcome">>(job: JobDescriptor, result: T): T {
  if (result.outcome !== "deduplicated" || job.unique?.onConflict !== "reject") return result;
  throw new JobwrightError("JW_DUPLICATE", `Another ${job.name} job holds the unique key: ${result.id}.`, {
    details: { id: result.id },
    hint: `Follow that job with jobs.${job.name}.handle(error.details.id).`,
  });
}

/** The type has neither here, but lets a wider object pass; shared, they would make all jobs but the first duplicates. */
function refuseShared({ id, unique = false }: Pick<OneJobOptions, "id" | "unique">): void {
  if (id === undefined && unique === false) return;
  const what = id === undefined ? "unique key" : "id";
  throw new JobwrightError("JW_INVALID_OPTION", `\`enqueueMany\` takes no ${what}: it would be that of every job.`, {
    hint: `Call \`enqueue\` for each job that needs a ${what} of your own.`,
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
