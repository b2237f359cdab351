import type { EndReason, FinalState } from "../../contract/index.ts";
import type { Duration } from "../../core/duration.ts";

/** What every event says. */
interface EventBase<Name> {
  /** Name of the job definition. */
  readonly job: Name;
  readonly id: string;
  /** The last counted execution; 0 if there was none. */
  readonly attempt: number;
  /** By the provider's clock. */
  readonly endedAt: Date;
}

/** The ends of one job definition, by the names of their events. `Failure` is the union of its declared errors. */
export interface JobEvents<Name, Output, Failure = never> {
  readonly succeeded: EventBase<Name> & { readonly status: "succeeded"; readonly output: Output };
  /** The job was given up. */
  readonly dead: EventBase<Name> & {
    readonly status: "dead";
    readonly reason: EndReason;
    /** The declared error that ended the last attempt; undefined if it was another one. */
    readonly failure: Failure | undefined;
    /** The last error, whatever it was; undefined if there was none, as after too many crashes. */
    readonly error: Error | undefined;
  };
  readonly cancelled: EventBase<Name> & { readonly status: "cancelled"; readonly reason: EndReason | undefined };
  /** A node of a flow that could not run any more. */
  readonly skipped: EventBase<Name> & { readonly status: "skipped"; readonly reason: EndReason | undefined };
  /** A job ended, and this client cannot read what it left: another build wrote it, or its key is missing. */
  readonly unreadable: EventBase<Name> & {
    readonly status: "unreadable";
    /** How it ended. */
    readonly state: FinalState;
    /** What `handle.result()` throws: `JW_INVALID_OUTPUT` or `JW_ENCRYPTION_KEY`. */
    readonly error: Error;
  };
}

export type JobEventType = keyof JobEvents<string, unknown>;

/** One event of any job. `Ends` are the events of all jobs, by name. */
export type JobEventOf<Ends, Type extends JobEventType = JobEventType> = {
  readonly [Name in keyof Ends]: Ends[Name][Type & keyof Ends[Name]];
}[keyof Ends];

/** An event of a stream. */
export type StreamedEvent<Ends> = JobEventOf<Ends> & {
  /** Keep it with what you made of the event: `stream({ cursor })` goes on behind it. */
  readonly cursor: string;
};

/** Where a stream begins. Default: now. */
export interface StreamOptions {
  /** With the first job that ended at this time or later. */
  readonly since?: Date | undefined;
  /** Behind an event of an earlier stream on the same store; wins over `since`. */
  readonly cursor?: string | undefined;
  /** Aborted: the loop ends, as with `break`. */
  readonly signal?: AbortSignal | undefined;
}

/** How jobs ended, wherever they ran, as `jobs.$events`. */
export interface ClientEvents<Ends> {
  /**
   * Every end as far as retention goes, in a `for await` loop: at least once, and again from a cursor or a time. The next jobs are read when
   * the loop asks for them. Throws `JW_INVALID_OPTION`.
   */
  stream(options?: StreamOptions): AsyncGenerator<StreamedEvent<Ends>, void, undefined>;
  /** Calls `listener` for every job that ends so from now on, until the function that it returns is called. */
  on<Type extends JobEventType>(type: Type, listener: (event: JobEventOf<Ends, Type>) => unknown): () => void;
}

/** How a client follows the ends of jobs. Nothing is read while nobody listens. */
export interface EventOptions {
  /** How often the store is asked for ends. Default 1 s. */
  readonly poll?: Duration;
  /**
   * How much later than its time an end may show in the store: a transaction that was long under way, or clocks that
   * differ. What comes later than that is missed. Default 20 s.
   */
  readonly late?: Duration;
}

/** Takes pino, bunyan or `console` as it is. */
export interface ClientLogger {
  error(fields: object, message: string): void;
}
