import { type EnqueueResult, JobwrightError, type NewJob, type Provider } from "../contract/index.ts";

/** `enqueueInTransaction` of either kind; `Capabilities.transactions` says which, or that there is none. */
type InTransaction = (
  jobs: readonly NewJob[],
  tx: unknown,
) => readonly EnqueueResult[] | Promise<readonly EnqueueResult[]>;

type Results = readonly EnqueueResult[];

/** Persists jobs, in the caller's transaction if there is one; at once and without a promise if that is synchronous. */
export function persistJobs(provider: Provider, jobs: readonly NewJob[], tx: unknown): Results | Promise<Results> {
  return tx === undefined ? provider.enqueue(jobs) : transactional(provider)(jobs, tx);
}

/** A refused input is a rejected promise outside a transaction, and thrown inside a synchronous one. */
export function attempt<T>(provider: Provider, tx: unknown, body: () => T): T | Promise<never> {
  try {
    return body();
  } catch (error) {
    if (tx !== undefined && provider.capabilities.transactions === "sync") throw error;
    return Promise.reject(error);
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
