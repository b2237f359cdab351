import type { EndReason } from "../contract/index.ts";

/** Ends a node of a flow for a reason that no retry would change. */
export class NodeFailure extends Error {
  override readonly name: string = "NodeFailure";
  readonly reason: EndReason;

  constructor(reason: EndReason, message: string) {
    super(message);
    this.reason = reason;
  }

  static is(error: unknown): error is NodeFailure {
    return error instanceof NodeFailure;
  }
}
