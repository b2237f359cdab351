import { type ErrorCode, JobwrightError } from "../../contract/index.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint?: string;
  readonly retryable?: boolean;
}

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html) that an operator can do something about. */
const meanings: Readonly<Record<string, Meaning>> = {
  SQLITE_BUSY: { code: "JW_STORE_BUSY", says: "is locked by another process", retryable: true },
  SQLITE_LOCKED: { code: "JW_STORE_BUSY", says: "is locked by another connection", retryable: true },
  SQLITE_FULL: {
    code: "JW_STORE_FULL",
    says: "cannot grow: the disk is full",
    hint: "Free space on that disk; workers go on by themselves.",
    retryable: true,
  },
  SQLITE_IOERR: { code: "JW_STORE_UNAVAILABLE", says: "cannot be read or written at the moment", retryable: true },
  SQLITE_NOTADB: {
    code: "JW_STORE_FOREIGN",
    says: "is not an SQLite database (or is encrypted)",
    hint: "Choose another path; the file was not touched.",
  },
  SQLITE_CORRUPT: {
    code: "JW_STORE_CORRUPT",
    says: "is damaged",
    hint: "Keep the file, restore a backup, or try `sqlite3 FILE .recover`.",
  },
  SQLITE_READONLY: {
    code: "JW_STORE_READONLY",
    says: "is read-only",
    hint: "Give this user write permission on the file and its folder (WAL mode writes next to the file).",
  },
  SQLITE_CANTOPEN: {
    code: "JW_STORE_PATH",
    says: "cannot be opened",
    hint: "Check that the path is a file in a folder that this user may write to.",
  },
};

/** Turns whatever the driver or the file system threw into a `JobwrightError`. */
export function storeError(error: unknown, path: string): JobwrightError {
  if (JobwrightError.is(error)) return error;
  const code = (error as { code?: unknown } | undefined)?.code;
  const primary = typeof code === "string" ? /^SQLITE_[A-Z]+/.exec(code)?.[0] : undefined;
  const meaning = primary === undefined ? undefined : meanings[primary];
  if (meaning) {
    return new JobwrightError(meaning.code, `The database ${path} ${meaning.says}.`, {
      retryable: meaning.retryable ?? false,
      cause: error,
      ...(meaning.hint === undefined ? {} : { hint: meaning.hint }),
    });
  }
  return new JobwrightError("JW_STORE_PATH", `The database ${path} cannot be used: ${messageOf(error)}.`, {
    cause: error,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
