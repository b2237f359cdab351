import { type ErrorCode, JobwrightError } from "../../contract/index.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint?: string;
  readonly retryable?: boolean;
}

const unavailable: Meaning = { code: "JW_STORE_UNAVAILABLE", says: "cannot be reached at the moment", retryable: true };
const busy: Meaning = {
  code: "JW_STORE_BUSY",
  says: "was busy with conflicting work for too long",
  hint: "Look for long transactions that lock jobwright's tables.",
  retryable: true,
};
const credentials: Meaning = {
  code: "JW_STORE_UNAVAILABLE",
  says: "refuses this user",
  hint: "Check user, password and pg_hba.conf.",
};
const unprepared: Meaning = {
  code: "JW_STORE_UNAVAILABLE",
  says: "mixes up the prepared statements of its connections",
  hint: 'Behind a pooler in transaction mode, create the provider with `pooler: "transaction"`.',
  retryable: true,
};
export const readonly: Meaning = {
  code: "JW_STORE_READONLY",
  says: "is read-only: a standby, or set so",
  hint: "Connect to the primary; after a failover, workers go on by themselves.",
  retryable: true,
};
const tables: Meaning = {
  code: "JW_SCHEMA_MISSING",
  says: "lacks a table or column of jobwright",
  hint: "Run `jobwright migrate`, or create the provider with `migrate: true`.",
};

/** SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html), whole or by class, the longest first. */
const meanings: Readonly<Record<string, Meaning>> = {
  "08": unavailable,
  "53": { ...unavailable, says: "is short of resources" },
  "53100": { code: "JW_STORE_FULL", says: "has no room left on its disk", retryable: true },
  "57": unavailable,
  "57014": { ...busy, says: "gave up a statement that took too long" },
  "25P03": unavailable,
  "23505": { ...busy, says: "was given the same job by somebody else at the same time", hint: "Make the call again." },
  "25006": readonly,
  "26000": unprepared,
  "42P05": unprepared,
  "40001": busy,
  "40P01": busy,
  "55P03": busy,
  "28": credentials,
  "3D000": { code: "JW_STORE_PATH", says: "does not exist", hint: "Create it with `createdb`, or correct the name." },
  "42501": {
    code: "JW_STORE_READONLY",
    says: "does not let this user do that",
    hint: "The first start needs the right to create a schema; later ones the use of it and of its tables.",
  },
  "42P01": tables,
  "42703": tables,
  "3F000": tables,
  "22": {
    code: "JW_INVALID_INPUT",
    says: "cannot hold a value that was given to it",
    hint: "Texts must be well-formed and free of U+0000, numbers within the range of their columns.",
  },
  "54": { code: "JW_PAYLOAD_TOO_LARGE", says: "cannot hold a value of that size" },
};

/** What the operating system and pg say when there is no SQLSTATE. */
const unreachable =
  /^(ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ENOENT)|terminated|timeout|not queryable|Connection ended|was closed/i;

/**
 * Turns whatever the driver, the network or the server threw into a `JobwrightError`. `known`: what it means, if only the
 * caller can tell.
 */
export function storeError(error: unknown, where: string, known?: Meaning): JobwrightError {
  if (JobwrightError.is(error)) return error;
  const failure = driverError(error);
  const meaning = known ?? meaningOf(failure);
  const cause = withoutValues(failure);
  if (!meaning) {
    return new JobwrightError("JW_STORE_UNAVAILABLE", `The database ${where} failed: ${messageOf(failure)}.`, {
      cause,
    });
  }
  const { code, says, hint, retryable = false } = meaning;
  return new JobwrightError(code, `The database ${where} ${says}${reason(failure)}.`, {
    retryable,
    cause,
    ...(hint !== undefined && { hint }),
  });
}

/**
 * Whether a statement may be sent again at once: the conflict is over, or a new connection may do better, be it because the
 * old one is lost, or because what was prepared on it cannot be run any more.
 */
export function isTransient(error: unknown): "conflict" | "connection" | "plan" | undefined {
  const state = stateOf(driverError(error));
  // Two wrote the same new row: the second then finds it.
  if (/^(40001|40P01|23505)$/.test(state)) return "conflict";
  // Not after a time limit: the next try would only double the wait.
  if (/timeout/i.test(state)) return undefined;
  // Prepared before the table was altered; deallocated by others; prepared by others.
  if (/^(0A000|26000|42P05)$/.test(state)) return "plan";
  const gone = /^(08|57P)/.test(state) || /^(ECONNRESET|EPIPE)|terminated|not queryable/.test(state);
  return gone ? "connection" : undefined;
}

function meaningOf(error: unknown): Meaning | undefined {
  const state = stateOf(error);
  if (/^[0-9A-Z]{5}$/.test(state)) return meanings[state] ?? meanings[state.slice(0, 2)];
  return unreachable.test(state) ? unavailable : undefined;
}

/** The SQLSTATE, the code of the operating system, or the message. */
function stateOf(error: unknown): string {
  // A connection tried over several addresses fails with all their errors.
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  const code = (first as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : messageOf(first);
}

/** Drizzle wraps the driver's errors in its own. */
export function driverError(error: unknown): unknown {
  return error instanceof Error && !("code" in error) && error.cause !== undefined ? driverError(error.cause) : error;
}

/** PostgreSQL puts the values of a row into these: they must not reach a log by way of `cause`. */
function withoutValues(error: unknown): unknown {
  for (const field of ["detail", "where", "internalQuery", "hint"]) {
    if (typeof error === "object" && error !== null && field in error) Reflect.deleteProperty(error, field);
  }
  return error;
}

/** Errors about values quote them; all others say something useful. */
function reason(error: unknown): string {
  return /^(22|23|54)/.test(stateOf(error)) ? "" : ` (${messageOf(error)})`;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
