import type { JobDescriptor } from "../core/descriptor.ts";
import { isDeclaredError } from "./declared-error.ts";
import { storedError } from "./stored-error.ts";

/** The error of an attempt as the worker itself may log it. Loggers print all properties of what they get. */
export function loggedError(error: unknown, { encrypted, sensitive }: JobDescriptor): unknown {
  if (encrypted) {
    const { name, code } = storedError(error);
    return { name, ...(code === undefined ? {} : { code }) };
  }
  return sensitive?.errors && mayHaveData(error) ? storedError(error) : error;
}

/** A handler may throw what does not let itself be looked at. */
function mayHaveData(error: unknown): boolean {
  try {
    return isDeclaredError(error);
  } catch {
    return true;
  }
}
