import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { storeError } from "../../../runtime/providers/redis/store-error.ts";

const canary = "4111-1111";

/** As ioredis makes them. */
function replyError(message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { command: { name: "evalsha", args: [canary] } }, more);
}

describe("an error of Redis", () => {
  it("of sentinels that do not know the primary for now may be retried; one of their credentials may not", () => {
    const unknown = new Error("All sentinels are unreachable. Retrying from scratch after 10ms.");
    expect(storeError(unknown, "the sentinels' jobs")).toMatchObject({ code: "JW_STORE_UNAVAILABLE", retryable: true });
    const refused = new Error(`${unknown.message} Last error: NOAUTH Authentication required.`);
    expect(storeError(refused, "the sentinels' jobs")).toMatchObject({ retryable: false });
  });

  it("does not take the arguments of its command, which hold payloads, into logs", () => {
    for (const error of [
      replyError("OOM command not allowed"),
      replyError("ERR whatever"),
      new AggregateError([], "all nodes failed"),
      replyError("ClusterAllFailedError: Failed to refresh slots cache.", { lastNodeError: replyError("READONLY") }),
    ]) {
      expect(inspect(storeError(error, "localhost:6379"), { depth: 9 })).not.toContain(canary);
    }
  });
});
