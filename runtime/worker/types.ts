import type { WorkerEvents, WorkerEventType } from "./events.ts";
import type { FinalState, Provider, TransactionalHandlers } from "../contract/index.ts";
import type { Duration } from "../core/duration.ts";
import type { EncryptionOptions } from "../core/encryption.ts";

/** Takes pino, bunyan or `console` as it is. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Log lines of one job; they carry its name, id and attempt. */
export interface JobLog {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/**
 * What a handler knows of the job that it runs, besides the payload. Pass it on as it is: a spread copy lacks half of it.
 * `Progress` is what the job's schema says of it.
 */
export interface JobContext<Progress = number> extends Checkpoints {
  readonly id: string;
  /** Name of the job definition. */
  readonly name: string;
  readonly queue: string;
  /** The counted execution, from 1. Snoozes, releases and crashes do not count. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Grows at every claim: pass it to systems that can refuse an older holder. */
  readonly fence: number;
  /** Stable over all attempts of this job: pass it to services that can recognise a repeated request. */
  readonly idempotencyKey: string;
  readonly enqueuedAt: Date;
  /** What the caller of `enqueue` gave along. Empty if that was nothing. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Aborted at the timeout, on cancellation, when the lease is lost or at risk and when the worker has to stop; `signal.reason` is a
   * `JobwrightError` that says which. Pass it to `fetch` and the like.
   */
  readonly signal: AbortSignal;
  readonly log: JobLog;
  /**
   * Stores the progress: 0…100, or a value of the job's `progress` schema. Gathered and written with the next batch; never
   * fails the attempt. A value that does not fit is logged and not stored.
   */
  progress(value: Progress): void;
}

/** How an iteration is cut into pieces that survive its attempt. */
export interface IterateOptions<Item, Cursor> {
  /** Where to go on after this item. Kept with the job, so it has to be small. */
  readonly cursor: (item: Item) => Cursor;
  /** Keep the cursor after so many items. Integer ≥ 1. Default 1. Items after the last one kept are done again. */
  readonly every?: number;
}

/** What a handler keeps, so that the next attempt goes on where this one ended. Not in transactional handlers. */
export interface Checkpoints {
  /**
   * Runs `body` once per job: what it returned is kept, and a later attempt gets that instead of running it again. A body
   * whose result could not be kept, because the process died, runs again. Throws `JW_LEASE_LOST` when a newer claim holds
   * the job.
   */
  step<T>(name: string, body: () => T | Promise<T>): Promise<T>;
  /**
   * Goes through items one after the other, and keeps how far it came. `open` gets the last cursor kept, undefined if there
   * is none. When the attempt is told to stop, the reason is thrown between two items.
   */
  iterate<Item, Cursor>(
    name: string,
    open: (cursor: Cursor | undefined) => Iterable<Item> | AsyncIterable<Item>,
    each: (item: Item) => unknown,
    options: IterateOptions<Item, Cursor>,
  ): Promise<void>;
}

/** What the handler of a job with declared errors gets besides. `Errors` are their data, by name. */
export interface DeclaredErrors<Errors> {
  /** Makes an error to throw: `throw ctx.errors.Bounced({ … })`. The message is its name unless it is given. */
  readonly errors: { readonly [Name in keyof Errors]: (data: Errors[Name], message?: string) => Error };
}

/** What a transactional handler gets. */
export interface TransactionalContext<Tx, Progress = number> extends JobContext<Progress> {
  /** Open until the handler returns. Writes through it are committed with the job's completion, or undone. */
  readonly tx: Tx;
}

/** One job of a batch: its input, and what a handler of single jobs finds in its context. */
export interface BatchItem<Payload, Progress = number> extends JobContext<Progress> {
  readonly input: Payload;
}

/** The end of one job of a batch. Made by `ctx.succeed` and `ctx.fail`. */
export type BatchOutcome<Return> =
  | { readonly outcome: "succeeded"; readonly output: Return }
  | { readonly outcome: "failed"; readonly error: unknown };

/** What a batch handler knows of the run, besides its items. */
export interface BatchContext<Return> {
  /** Name of the job definition. */
  readonly name: string;
  readonly queue: string;
  /** Aborted when the signals of all items are, as at the timeout or when the worker has to stop. */
  readonly signal: AbortSignal;
  /** Carries the name of the job and its queue; `item.log` the rest. */
  readonly log: JobLog;
  /** The outcome of an item that is done. */
  succeed(output: Return): BatchOutcome<Return>;
  /** The outcome of an item that failed: with any error, as a handler of single jobs would throw it. */
  fail(error: unknown): BatchOutcome<never>;
}

/** A run of a batch handler as middleware sees it. */
export interface BatchRun extends BatchContext<unknown> {
  readonly items: readonly BatchItem<unknown>[];
}

/** What `context` and middleware see of a run: the context of a job, or that of a batch, which has `items`. */
export type RunContext = JobContext | BatchRun;

/**
 * Code around every run of a handler. `next` runs the middleware after it and then the handler, and gives what they return;
 * what this returns is what the handler returned, and what it throws is what the handler threw. `Fields` are those that the
 * worker's `context` adds.
 */
export type Middleware<Fields = unknown> = (ctx: RunContext & Fields, next: () => Promise<unknown>) => Promise<unknown>;

/** A handler type, or an object of them, whose context has more fields: those that the worker's `context` adds. */
export type WithContext<Handlers, Fields> = unknown extends Fields
  ? Handlers
  : Handlers extends (payload: infer Payload, ctx: infer Context) => infer Result
    ? (payload: Payload, ctx: Context & Fields) => Result
    : Handlers extends { handle(payload: infer Payload, ctx: infer Context): infer Result }
      ? { handle(payload: Payload, ctx: Context & Fields): Result }
      : { readonly [Name in keyof Handlers]: WithContext<Handlers[Name], Fields> };

/** What `ctx.tx` is with this provider; `never` if it has no transactional handlers. */
export type HandlerTransactionOf<P extends Provider> = P extends TransactionalHandlers<infer Tx> ? Tx : never;

/** No handler fits a transactional job if the provider has no transactions for it. */
export type Transactional<Tx, Handler> = [Tx] extends [never] ? never : Handler;

/** Of handlers in namespaces, those of the jobs with these names: `sendEmail`, `billing.charge`. */
export type HandlersOf<Handlers, Name extends string> = {
  readonly [Key in FirstPart<Name> & keyof Handlers]: Key extends Name
    ? Handlers[Key]
    : HandlersOf<Handlers[Key], Name extends `${Key}.${infer Rest}` ? Rest : never>;
};

type FirstPart<Name extends string> = Name extends `${infer First}.${string}` ? First : Name;

export interface WorkerOptions<
  Handlers,
  Queue extends string = string,
  P extends Provider = Provider,
  Fields = unknown,
> {
  /** Where the jobs are. Started if it was not; the caller stops it, after the worker. */
  readonly provider: P;
  /** One for every job of the queues served. */
  readonly handlers: WithContext<Handlers, NoInfer<Fields>>;
  /**
   * Fields that handlers and middleware find in `ctx`, made anew for every run. Write the type of its parameter, if it has
   * one, or the compiler does not know the fields in handlers. What it throws fails the attempt. Default: none.
   */
  readonly context?: (ctx: RunContext) => Fields | Promise<Fields>;
  /** Code around every run of a handler, the outermost first. Default: none. */
  readonly middleware?: readonly Middleware<NoInfer<Fields>>[];
  /** Which queues to serve, and how many jobs of each to run at a time. Default: all queues, `concurrency` each. */
  readonly queues?: { readonly [Name in Queue]: number };
  /**
   * Jobs of one queue that run at a time unless `queues` says otherwise; the items of a batch count one each. Default 10, or
   * the size of the queue's largest batch if that is more.
   */
  readonly concurrency?: number;
  /** How long a job stays with a worker that shows no sign of life. Default `"30s"`; renewed at a third of it. */
  readonly lease?: Duration;
  /** How often to look for jobs when nothing woke the worker. Default `"1s"`. */
  readonly poll?: Duration;
  /** What `stop()` gives running jobs before it aborts their signals. Default `"25s"`. */
  readonly grace?: Duration;
  /** What a handler gets to react to an aborted signal before its job is settled without it. Default `"3s"`. */
  readonly abortGrace?: Duration;
  /** How long final jobs are kept. Defaults: succeeded `"1d"`, cancelled `"7d"`, skipped `"7d"`, dead `"30d"`. */
  readonly retention?: Readonly<Partial<Record<FinalState, Duration>>>;
  /**
   * Where heartbeats come from. `thread` (default, if the provider can): leases survive a handler that keeps the CPU.
   * `main`: no extra thread.
   */
  readonly heartbeat?: "thread" | "main";
  /** A main thread that shows no pulse for so long is taken for hung: its leases lapse. Default `"5m"`. */
  readonly stallLimit?: Duration;
  /** Promote, reap and prune in this process. Default true; at least one process of an application must. */
  readonly maintenance?: boolean;
  /** Keys of the jobs with `encrypted: true`; a worker that serves one does not begin without. Default: none. */
  readonly encryption?: EncryptionOptions;
  /** Enqueue the jobs of schedules in this process. Default: as `maintenance`; at least one process must. */
  readonly schedules?: boolean;
  /** Default: warnings and errors to the console. */
  readonly logger?: Logger;
}

export interface WorkerReport {
  /** Jobs settled as succeeded by this worker. */
  readonly succeeded: number;
  /** Attempts that ended otherwise, whatever became of the job. */
  readonly failed: number;
  /** Jobs given back at the end, unfinished. */
  readonly released: number;
}

/** `Returns`: what the handlers of all jobs return, by name. */
export interface Worker<Returns = Readonly<Record<string, unknown>>> extends AsyncDisposable {
  /** In leases and logs. */
  readonly id: string;
  /** Opens the store and begins to claim. */
  start(): Promise<void>;
  /** Resolves when the served queues hold nothing ready and nothing runs here. Scheduled jobs may remain. */
  idle(): Promise<void>;
  /** Stops claiming, waits, aborts, gives back what is left, flushes. Idempotent. */
  stop(): Promise<WorkerReport>;
  /**
   * Calls `listener` when a job that ran in this worker has ended one way or the other, after the store has accepted that.
   * Returns the way to stop listening. A listener that throws is logged. Jobs of other processes are not told of.
   */
  on<Type extends WorkerEventType>(type: Type, listener: (event: WorkerEvents<Returns>[Type]) => unknown): () => void;
  /** Starts, and stops at SIGINT or SIGTERM; a second one of the same kind ends the process at once, its leases expire. */
  run(): Promise<WorkerReport>;
}
