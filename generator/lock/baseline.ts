import { execFileSync } from "node:child_process";
import { dirname, resolve } from "node:path";
import { JobwrightError } from "../../runtime/contract/errors.ts";
import { readIfExists } from "../find.ts";
import { type Lock, lockFileOf, parseLock } from "./lock.ts";

/**
 * The lock that a schema is compared with: a lock file, or the one beside the schema at a git ref. Throws
 * `JW_LOCK_INVALID`.
 */
export function readBaseline(against: string, schema: string, cwd: string): Lock {
  const text = readIfExists(resolve(cwd, against));
  if (text !== undefined) return parseLock(text, against);
  return parseLock(showAtRef(against.replace(/^git:/, ""), schema), `the lock at ${against}`);
}

function showAtRef(ref: string, schema: string): string {
  const file = lockFileOf(schema).slice(dirname(schema).length + 1);
  try {
    // A ref that began with a dash would be an option.
    return execFileSync("git", ["show", "--end-of-options", `${ref}:./${file}`], {
      cwd: dirname(schema),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 256 * 1024 * 1024,
    });
  } catch (error) {
    throw new JobwrightError("JW_LOCK_INVALID", `There is no file ${ref}, and no ${file} at a git ref of that name.`, {
      hint: "Name a lock file, a git ref such as main, or the URL of a store such as sqlite:jobs.db.",
      cause: error,
    });
  }
}
