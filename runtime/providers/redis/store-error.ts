import { type ErrorCode, JobwrightError } from "../../contract/index.ts";

interface Meaning {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint?: string;
  readonly retryable: boolean;
}

/**
 * What servers and ioredis say. Errors inside of scripts come wrapped by older servers, so the word may stand anywhere.
 * The first that fits counts.
 */
const meanings: readonly Meaning[] = [
  {
    pattern: /\bOOM\b/,
    code: "JW_STORE_FULL",
    says: "has reached its memory limit",
    hint: "Raise `maxmemory`, or let workers run and prune: what ends or deletes jobs is still accepted.",
    retryable: true,
  },
  {
    pattern: /\b(WRONGTYPE|JWFOREIGN)\b/,
    code: "JW_STORE_FOREIGN",
    says: "has keys in this namespace that are not jobwright's",
    hint: "Choose another `namespace`. Nothing was changed.",
    retryable: false,
  },
  {
    pattern: /\b(MISCONF|READONLY)\b/,
    code: "JW_STORE_READONLY",
    says: "takes no writes at the moment",
    hint: "READONLY: this is a replica, or was one until a failover. MISCONF: Redis cannot write to its disk.",
    retryable: true,
  },
  {
    pattern: /\bBUSY\b/,
    code: "JW_STORE_BUSY",
    says: "is busy with a script",
    hint: "Look for a long script of another application: `SCRIPT KILL`.",
    retryable: true,
  },
  {
    pattern: /\b(NOAUTH|WRONGPASS|NOPERM)\b|invalid password/i,
    code: "JW_STORE_UNAVAILABLE",
    says: "does not accept these credentials, or they allow too little",
    hint: "Jobwright needs the commands of hashes, sets, sorted sets, scripts and pub/sub on `{namespace}:*`.",
    retryable: false,
  },
  {
    pattern:
      /\b(LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|NOREPLICAS|UNBLOCKED|NOSCRIPT|ECONN\w*|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)\b|connection is closed|aborted due to connection close|command timed out|stream isn't writeable|max retries per request|reached the max|refresh slots cache|none of startup nodes|socket closed|offline|non local key|cluster is (disconnect|down)|sentinels are unreachable/i,
    code: "JW_STORE_UNAVAILABLE",
    says: "cannot be reached at the moment",
    retryable: true,
  },
];

/** Turns whatever the driver threw into a `JobwrightError`. Never holds the password: `place` is host and port. */
export function storeError(error: unknown, place: string): JobwrightError {
  if (JobwrightError.is(error)) return error;
  dropArguments(error);
  const text = textOf(error);
  const meaning = meanings.find(({ pattern }) => pattern.test(text));
  if (meaning) {
    return new JobwrightError(meaning.code, `Redis at ${place} ${meaning.says}.`, {
      retryable: meaning.retryable,
      cause: error,
      ...(meaning.hint === undefined ? {} : { hint: meaning.hint }),
    });
  }
  return new JobwrightError("JW_STORE_UNAVAILABLE", `Redis at ${place} refused a call: ${text}`, { cause: error });
}

/** ioredis keeps the arguments of the command, payloads among them: they must not reach a log by way of `cause`. */
function dropArguments(error: unknown): void {
  if (typeof error !== "object" || error === null) return;
  Reflect.deleteProperty(error, "command");
  if ("lastNodeError" in error) dropArguments(error.lastNodeError);
}

/** ioredis hides the cause of a cluster's failure in `lastNodeError`. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, lastNodeError } = error as { readonly code?: unknown; readonly lastNodeError?: unknown };
  const last = lastNodeError instanceof Error ? ` ${lastNodeError.message}` : "";
  return `${typeof code === "string" ? `${code} ` : ""}${error.message}${last}`;
}

export function unreachable(place: string, waitedMs: number, cause?: unknown): JobwrightError {
  return new JobwrightError("JW_STORE_UNAVAILABLE", `Redis at ${place} did not answer within ${waitedMs} ms.`, {
    hint: "Workers go on trying. The call may have been carried out: make it again, every call is idempotent.",
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}

export function stopped(): JobwrightError {
  return new JobwrightError("JW_STOPPED", "The Redis provider was stopped, or not started yet.", {
    hint: "Stop the provider last, after workers and clients; create a new one to go on.",
  });
}
