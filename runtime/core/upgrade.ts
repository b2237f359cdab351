import { JobwrightError } from "../contract/index.ts";
import type { JobDescriptor } from "./descriptor.ts";
import { isThenable } from "./thenable.ts";

/** Makes an input of the current version of what an older version stored, which is plain JSON. */
export type Upgrade = (old: unknown) => unknown;

/** Calls a function of the schema. Throws what it throws, and a `TypeError` for a promise. */
export function applyUpgrade(upgrade: Upgrade, old: unknown): unknown {
  const input = upgrade(old);
  if (!isThenable(input)) return input;
  // Nobody waits for it, and its failure must not end the process.
  Promise.resolve(input).catch(() => undefined);
  throw new TypeError("The upgrade returned a promise; it has to be synchronous.");
}

/**
 * Reads a payload of an older version. What fails is no fault of the attempt, so trying again is of no use: throws
 * `JW_NOT_UPGRADABLE`, or `JW_ENCRYPTION_KEY`, which another worker may have.
 */
export function readOlder(job: JobDescriptor, version: number, read: () => unknown): unknown {
  try {
    return read();
  } catch (cause) {
    if (JobwrightError.is(cause) && cause.code === "JW_ENCRYPTION_KEY") throw cause;
    throw notUpgradable(job, version, cause);
  }
}

function notUpgradable({ name, version, upgrades = [] }: JobDescriptor, old: number, cause: unknown): JobwrightError {
  const how = upgrades.includes(old) ? "its upgrade" : "it has no upgrade, and the schema as it is";
  return new JobwrightError(
    "JW_NOT_UPGRADABLE",
    `A job of version ${old} of ${name} cannot be read as version ${version}; ${how} failed: ${messageOf(cause)}`,
    { hint: `Write or repair \`upgrade: { ${old}: … }\` of ${name}, deploy, then requeue the dead jobs.`, cause },
  );
}

/** A function may throw anything, and that must not cost the settlement. */
function messageOf(cause: unknown): string {
  try {
    return cause instanceof Error ? cause.message : String(cause);
  } catch {
    return "it threw something that cannot be turned into text.";
  }
}
