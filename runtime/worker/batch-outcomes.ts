import { JobwrightError } from "../contract/index.ts";
import type { JobDescriptor } from "../core/descriptor.ts";
import type { BatchOutcome } from "./types.ts";

/**
 * What a batch handler returned, as an outcome for each of its `count` items. Throws `JW_INVALID_OUTPUT` if it cannot be
 * told which outcome is whose; an entry that is no outcome fails its own item alone.
 */
export function readOutcomes(
  result: unknown,
  count: number,
  { name, hasOutput }: JobDescriptor,
): readonly BatchOutcome<unknown>[] {
  if (result === undefined && !hasOutput) {
    return Array.from({ length: count }, () => ({ outcome: "succeeded", output: undefined }));
  }
  if (!Array.isArray(result)) {
    throw refusal(`The batch handler of ${name} returned ${kindOf(result)}, not a list of outcomes.`);
  }
  if (result.length !== count) {
    throw refusal(`The batch handler of ${name} returned ${result.length} outcomes for ${count} items.`);
  }
  // By index, because a sparse array has no entries to map.
  return Array.from({ length: count }, (_, index) => {
    const outcome: unknown = result[index];
    if (isOutcome(outcome)) return outcome;
    const error = refusal(
      `The batch handler of ${name} returned ${kindOf(outcome)} for item ${index}, not an outcome.`,
    );
    return { outcome: "failed", error };
  });
}

function isOutcome(value: unknown): value is BatchOutcome<unknown> {
  if (typeof value !== "object" || value === null || !("outcome" in value)) return false;
  return value.outcome === "succeeded" || value.outcome === "failed";
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
}

function refusal(message: string): JobwrightError {
  return new JobwrightError("JW_INVALID_OUTPUT", message, {
    hint: "Return one outcome per item, in their order: items.map(() => ctx.succeed(…)), or ctx.fail(error).",
  });
}
