/** What went wrong around the handler: no connection, a commit that failed or was not answered. */
export class TransactionFailure extends Error {
  static readonly #all = new WeakSet<object>();

  constructor(cause: unknown) {
    super("the transaction failed", { cause });
    TransactionFailure.#all.add(this);
  }

  /** Unlike `instanceof`, it asks nothing of what a handler threw, which may be a proxy. */
  static is(thrown: unknown): thrown is TransactionFailure {
    return typeof thrown === "object" && thrown !== null && TransactionFailure.#all.has(thrown);
  }
}
