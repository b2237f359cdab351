import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import {
  type ClaimedJob,
  type ClaimLane,
  type Completion,
  JobwrightError,
  type Provider,
  type Rejection,
  type Settlement,
  type TransactionalHandlers,
} from "../contract/index.ts";
import type { JobDescriptor, SchemaDescriptor } from "../core/descriptor.ts";
import { limitsOf } from "../core/gates.ts";
import { type Cipher, createCipher } from "../core/encryption.ts";
import { createJobCodec } from "../core/job-codec.ts";
import { flowJobName } from "../core/flow/names.ts";
import { makersOf } from "../core/job-makers.ts";
import { at } from "../core/name-path.ts";
import { loadSchema } from "../core/schema-module.ts";
import { createMaintenance } from "../maintenance/maintenance.ts";
import { createScheduler } from "../maintenance/scheduler.ts";
import type { Service } from "../maintenance/service.ts";
import { readAround } from "./around.ts";
import { createClaimer } from "./claimer.ts";
import { createErrorMakers } from "./declared-error.ts";
import { createEventHub } from "./events.ts";
import { createExecutor, type Runnable } from "./executor.ts";
import { createFlowRunnable } from "./flow-jobs.ts";
import { createLanes } from "./lanes.ts";
import { createLeaseKeeper } from "./lease-keeper.ts";
import { readSettings } from "./options.ts";
import { createPayloadReader } from "./payload-reader.ts";
import { leaseOf } from "./rejection.ts";
import { createSettler } from "./settler.ts";
import { runUntilSignal } from "./signals.ts";
import { shutDown } from "./shutdown.ts";
import type { Worker, WorkerOptions, WorkerReport } from "./types.ts";

/** The runtime half of a generated worker factory: composes claimer, executor, settler, lease keeper and maintenance. */
export async function createTypedWorker<
  Handlers extends object,
  Queue extends string,
  Fields = unknown,
  Returns = Readonly<Record<string, unknown>>,
>(descriptor: SchemaDescriptor, typed: WorkerOptions<Handlers, Queue, Provider, Fields>): Promise<Worker<Returns>> {
  const options = typed as unknown as WorkerOptions<object>; // what handlers get is settled with the caller
  const settings = readSettings(descriptor, options);
  const { provider } = options;
  const { logger } = settings;
  // Short, because it is written with every claim; the log line at the start says where it runs.
  const id = randomBytes(6).toString("base64url");
  const schema = once(() => loadSchema(descriptor));
  const makers = once(async () => makersOf(descriptor, await schema(), options.encryption));
  const runnables = new Map([
    ...(await readRunnables(descriptor, options, settings.concurrency)),
    [flowJobName, createFlowRunnable(provider, makers, schema)],
  ]);
  const tally = { succeeded: 0, failed: 0, released: 0 };

  function settled(item: Completion | Rejection, settlement: Settlement): void {
    if (settlement !== "ok") logger.warn({ jobId: item.id, settlement }, "a settlement came too late and was refused");
    else if (!("outcome" in item)) tally.succeeded++;
    else if (item.outcome === "release") tally.released++;
    else tally.failed++;
    if (settlement === "ok") events.accepted(item);
    lanes.changed();
  }

  const events = createEventHub(logger);
  const settler = createSettler({ provider, logger, settled });
  const { abortGraceMs, leaseMs } = settings;
  const executor = createExecutor({
    runnables,
    readPayload: createPayloadReader(provider, makers),
    settler,
    completed: settled,
    logger,
    events,
    leaseMs,
    abortGraceMs,
  });
  const lanes = createLanes({
    concurrency: settings.concurrency,
    runnables,
    executor,
    maxAhead: provider.claimAhead,
    giveBack: (job) => settler.nack({ ...leaseOf({ job }), outcome: "release" }),
    isSettling: (jobId) => settler.holds(jobId),
    wake: () => claimer.wake(),
  });
  const claimer = createClaimer({
    provider,
    workerId: id,
    leaseMs: settings.leaseMs,
    pollMs: settings.pollMs,
    lanes: (): readonly ClaimLane[] => lanes.room(settler.pending),
    dispatch: (jobs: readonly ClaimedJob[]) => lanes.dispatch(jobs),
    drained: () => checkIdle(),
    logger,
  });
  const keeper = createLeaseKeeper({
    provider,
    workerId: id,
    leaseMs: settings.leaseMs,
    stallLimitMs: settings.stallLimitMs,
    mode: options.heartbeat ?? "thread",
    running: executor.running,
    holds: (jobId) => executor.running.has(jobId) || settler.holds(jobId) || lanes.holds(jobId),
    release: (lease) => settler.nack({ id: lease.id, fence: lease.fence, outcome: "release" }),
    logger,
  });
  const services: Service[] =
    options.maintenance === false
      ? []
      : createMaintenance({
          provider,
          retentionMs: settings.retentionMs,
          reapEveryMs: Math.min(5_000, settings.leaseMs / 3),
          failed: (error) => logger.warn({ err: error }, "maintenance failed; trying again"),
        });
  if (options.schedules ?? options.maintenance !== false) {
    const scheduler = createScheduler({
      provider,
      makers: await makers(),
      failed: (error) => logger.warn({ err: error }, "the scheduler failed; trying again"),
      refused: (schedule, error) => logger.error({ schedule, err: error }, "a schedule cannot enqueue its job"),
    });
    services.push(scheduler);
  }

  let unsubscribe: (() => void) | undefined;
  let started: Promise<void> | undefined;
  let stopping: Promise<WorkerReport> | undefined;
  let idleWaiters: (() => void)[] = [];

  function checkIdle(): void {
    if (!claimer.idle || lanes.held > 0 || settler.pending > 0) return;
    for (const resolve of idleWaiters.splice(0)) resolve();
  }

  async function begin(): Promise<void> {
    if (stopping) throw new JobwrightError("JW_STOPPED", "This worker was stopped; create another one.");
    await provider.start();
    // `stop()` came while the store was being opened: nothing may begin after it.
    if (stopping) return;
    const limits = limitsOf(descriptor.jobs);
    if (limits.length > 0) await provider.putLimits(limits);
    if (stopping) return;
    logger.info({ workerId: id, host: hostname(), pid: process.pid }, "worker starts");
    unsubscribe = provider.notifier?.subscribe([...settings.concurrency.keys()], () => claimer.wake());
    await keeper.start();
    if (stopping) return;
    for (const service of services) service.start();
    claimer.start();
  }

  const worker: Worker<Returns> = {
    id,
    start() {
      // A store that could not be opened may be there at the next call.
      started ??= begin().catch((error: unknown) => {
        started = undefined;
        throw error;
      });
      return started;
    },
    idle() {
      if (stopping) return stopping.then(() => undefined);
      return new Promise((resolve) => {
        idleWaiters = [...idleWaiters, resolve];
        claimer.wake();
      });
    },
    stop() {
      stopping ??= shutDown({ settings, claimer, executor, lanes, settler, keeper, services }).then(() => {
        unsubscribe?.();
        for (const resolve of idleWaiters.splice(0)) resolve();
        return { ...tally };
      });
      return stopping;
    },
    on: (type, listener) => events.on(type, listener),
    run: () => runUntilSignal(worker, settings),
    async [Symbol.asyncDispose]() {
      await worker.stop();
    },
  };
  return worker;
}

/** Made when it is asked for the first time. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

type HandlerFunction = Runnable["handle"];

/** Handlers of the served queues, each a function or an object with `handle`. Throws `JW_MISSING_HANDLER`. */
async function readRunnables(
  descriptor: SchemaDescriptor,
  options: WorkerOptions<object>,
  concurrency: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, Runnable>> {
  const schema = await loadSchema(descriptor);
  const { handlers } = options;
  const served = descriptor.jobs.filter((job) => concurrency.has(job.queue));
  const missing = served.filter((job) => !handlerOf(at(handlers, job.name))).map((job) => job.name);
  if (missing.length > 0) {
    throw new JobwrightError("JW_MISSING_HANDLER", `No handler for ${missing.join(", ")}.`, {
      hint: "Add a function, or an object with a `handle` method, for each; or serve fewer queues.",
    });
  }
  const around = readAround(options);
  const cipher = cipherOf(served, options);
  return new Map(
    served.map((job) => {
      const handle = around(handlerOf(at(handlers, job.name)) ?? missingHandler);
      const codec = createJobCodec(job, schema.job(job.name), cipher);
      const errors = createErrorMakers(codec.errorNames);
      const checkpoints = { provider: options.provider, vault: codec.vault };
      const runnable = { descriptor: job, codec, handle, errors, checkpoints };
      return [
        job.name,
        job.transactional ? { ...runnable, transactions: transactionsOf(options.provider, job) } : runnable,
      ];
    }),
  );
}

/** A worker that could not read its jobs, or would have to store what they return in clear, must not begin. */
function cipherOf(served: readonly JobDescriptor[], { encryption }: WorkerOptions<object>): Cipher | undefined {
  if (encryption) return createCipher(encryption);
  const encrypted = served.filter((job) => job.encrypted).map((job) => job.name);
  if (encrypted.length === 0) return undefined;
  throw new JobwrightError("JW_ENCRYPTION_KEY", `${encrypted.join(", ")}: encrypted, and this worker has no keys.`, {
    hint: "Give `encryption`, or serve only queues without encrypted jobs.",
  });
}

function transactionsOf(provider: Provider, job: JobDescriptor): TransactionalHandlers<unknown> {
  if (provider.capabilities.transactionalHandlers && "inTransaction" in provider) {
    return provider as Provider & TransactionalHandlers<unknown>; // the capability promises this member
  }
  throw new JobwrightError(
    "JW_INVALID_OPTION",
    `${job.name} is transactional, and this provider has no transactions.`,
    {
      hint: "Serve its queue on PostgreSQL, or remove `transactional` from the job and make its handler idempotent.",
    },
  );
}

const missingHandler: HandlerFunction = () => {
  throw new TypeError("checked above");
};

function handlerOf(handler: unknown): HandlerFunction | undefined {
  if (typeof handler === "function") return handler as HandlerFunction; // typed by JobHandlers
  if (typeof handler !== "object" || handler === null || !("handle" in handler)) return undefined;
  const object = handler as { readonly handle: unknown };
  if (typeof object.handle !== "function") return undefined;
  return (payload, context) => (object.handle as HandlerFunction).call(object, payload, context); // typed by JobHandlers
}
