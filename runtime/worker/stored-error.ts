import type { StoredError } from "../contract/index.ts";

/** Characters that are kept. */
export const maxErrorMessage = 4_096;
export const maxErrorStack = 16_384;

/** What is kept of an error: text only, bounded. A handler may throw anything, and that must not cost the settlement. */
export function storedError(error: unknown): StoredError {
  try {
    return error instanceof Error
      ? textOf(error)
      : { name: "NonError", message: String(error).slice(0, maxErrorMessage) };
  } catch {
    return { name: "NonError", message: "The handler threw something that cannot be turned into text." };
  }
}

function textOf(error: Error): StoredError {
  const { name, message, stack } = error as { readonly [key in "name" | "message" | "stack"]: unknown }; // all writable
  const { code } = error as { readonly code?: unknown }; // Node and most libraries put a string here
  return {
    name: String(name),
    message: String(message).slice(0, maxErrorMessage),
    ...(typeof stack === "string" ? { stack: stack.slice(0, maxErrorStack) } : {}),
    ...(typeof code === "string" ? { code } : {}),
  };
}
