import { JobwrightError } from "../contract/index.ts";
import type { EnqueueSettings } from "../core/new-job.ts";
import type { JobHandle } from "./types.ts";

/** What `enqueue` takes besides the input. `enqueueMany` refuses an `id` and a key, which would be those of every job. */
export interface EnqueueCallOptions extends EnqueueSettings {
  readonly id?: string;
  readonly unique?: string | false;
}

/** A call of `enqueue` or `enqueueMany` as middleware sees it, before anything of it is checked. */
export interface EnqueueCall {
  /** Name of the job definition. */
  readonly name: string;
  /** One for each job of the call; `enqueue` has one. */
  readonly inputs: readonly unknown[];
  /** For all jobs of the call. Without `tx`, which stays what it was. */
  readonly options: EnqueueCallOptions;
  /** In a synchronous transaction `next` returns at once, and so must the middleware: no `async`, no `await`. */
  readonly synchronous: boolean;
}

/** A handle for each job of a call, in the order of its inputs. */
export type Enqueued = readonly JobHandle<unknown, unknown>[];

/**
 * Code around every enqueue of a client. `next` checks and persists, with other options if it is given some; what this
 * returns has to be what `next` gave. What it throws, the caller gets: so it can refuse a call.
 */
export type EnqueueMiddleware = (
  call: EnqueueCall,
  next: (options?: EnqueueCallOptions) => Enqueued | Promise<Enqueued>,
) => Enqueued | Promise<Enqueued>;

interface Enqueuing {
  readonly name: string;
  enqueue(input: unknown, options?: object): unknown;
  enqueueMany(inputs: readonly unknown[], options?: object): unknown;
}

interface Options extends EnqueueCallOptions {
  readonly tx?: unknown;
}

/** Throws `JW_INVALID_OPTION` if it is no list of functions. */
export function checkMiddleware(middleware: readonly EnqueueMiddleware[]): readonly EnqueueMiddleware[] {
  if (Array.isArray(middleware) && middleware.every((one) => typeof one === "function")) return middleware;
  throw new JobwrightError("JW_INVALID_OPTION", "`middleware` is not a list of functions.");
}

/** The client of a job with middleware around its enqueues, the first one outermost; without any, it stays what it is. */
export function withMiddleware<Client extends Enqueuing>(
  client: Client,
  middleware: readonly EnqueueMiddleware[],
  transactions: "none" | "sync" | "async",
): Client {
  if (middleware.length === 0) return client;
  const { name } = client;

  function run(
    inputs: readonly unknown[],
    { tx, ...options }: Options,
    persist: (options: Options) => Enqueued | Promise<Enqueued>,
  ): Enqueued | Promise<Enqueued> {
    const synchronous = tx !== undefined && transactions === "sync";
    const call = synchronous ? callAtOnce : callLater;
    const chain = middleware.reduceRight<(options: EnqueueCallOptions) => Enqueued | Promise<Enqueued>>(
      (next, one) => (given) =>
        call(inputs.length, () =>
          one({ name, inputs, options: given, synchronous }, (changed = given) => next(changed)),
        ),
      (given) => persist({ ...given, tx }),
    );
    return chain(options);
  }

  return {
    ...client,
    enqueue(input: unknown, options: Options = {}) {
      const handles = run([input], options, (changed) => listed(client.enqueue(input, changed)));
      return handles instanceof Promise ? handles.then(([handle]) => handle) : handles[0];
    },
    enqueueMany(inputs: readonly unknown[], options: Options = {}) {
      return run(inputs, options, (changed) => client.enqueueMany(inputs, changed) as ReturnType<typeof run>); // its handles
    },
  };
}

/** `enqueue` gives one handle, or the promise of one. */
function listed(result: unknown): Enqueued | Promise<Enqueued> {
  const list = (handle: unknown): Enqueued => [handle as Enqueued[number]];
  return result instanceof Promise ? result.then(list) : list(result);
}

async function callLater(count: number, body: () => Enqueued | Promise<Enqueued>): Promise<Enqueued> {
  return checkResult(await body(), count);
}

function callAtOnce(count: number, body: () => Enqueued | Promise<Enqueued>): Enqueued {
  const result = body();
  if (!(result instanceof Promise)) return checkResult(result, count);
  // Nobody waits for it: the transaction is over before it is.
  result.catch(() => undefined);
  throw new JobwrightError("JW_INVALID_OPTION", "Middleware returned a promise in a synchronous transaction.", {
    hint: "Return what `next` gave as it is when `call.synchronous` is true. Let the error undo the transaction.",
  });
}

function checkResult(result: Enqueued, count: number): Enqueued {
  if (Array.isArray(result) && result.length === count) return result;
  throw new JobwrightError("JW_INVALID_OPTION", "Middleware did not return what `next` gave.", {
    hint: "Return it, whatever else the middleware does. To refuse a call, throw.",
  });
}
