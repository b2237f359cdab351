import { JobwrightError } from "../contract/index.ts";
import type { Runnable } from "./executor.ts";
import type { RunContext, WorkerOptions } from "./types.ts";

type Handle = Runnable["handle"];

/** Puts the worker's `context` and middleware around a handler; without either, it stays what it is. Throws `JW_INVALID_OPTION`. */
export function readAround({ context, middleware = [] }: WorkerOptions<object>): (handle: Handle) => Handle {
  if (context !== undefined && typeof context !== "function") throw notA("context", "a function");
  if (!Array.isArray(middleware) || !middleware.every((one) => typeof one === "function")) {
    throw notA("middleware", "a list of functions");
  }
  if (!context && middleware.length === 0) return (handle) => handle;
  return (handle) => {
    const inner = async (payload: unknown, ctx: RunContext): Promise<unknown> => handle(payload, ctx);
    const chain = middleware.reduceRight<typeof inner>(
      (next, one) => async (payload, ctx) => one(ctx, () => next(payload, ctx)),
      inner,
    );
    return async (payload, ctx) => {
      if (context) addFields(ctx, await context(ctx));
      return chain(payload, ctx);
    };
  };
}

/** To the context itself: a copy of it would lack its getters. */
function addFields(ctx: RunContext, fields: unknown): void {
  if (typeof fields !== "object" || fields === null) {
    throw new JobwrightError("JW_INVALID_OPTION", `\`context\` returned ${String(fields)}, not an object of fields.`);
  }
  const taken = Object.keys(fields).find((name) => name in ctx);
  if (taken !== undefined) {
    throw new JobwrightError("JW_INVALID_OPTION", `\`context\` returned a field ${taken}, which every context has.`, {
      hint: "Give the field another name.",
    });
  }
  Object.assign(ctx, fields);
}

function notA(option: string, what: string): JobwrightError {
  return new JobwrightError("JW_INVALID_OPTION", `\`${option}\` is not ${what}.`);
}
