import { randomBytes } from "node:crypto";
import { JobwrightError, type MigrationReport } from "../../contract/index.ts";
import type { Connection, Reply } from "./connection.ts";
import type { Int } from "./record.ts";
import { migrate } from "./scripts/migrate.ts";
import { schemaVersion } from "./scripts/layout.ts";
import type { Script } from "./scripts/script.ts";

/** Runs a script with the common header and gives its own result. */
export type RunScript = (script: Script, args: readonly (string | number)[]) => Promise<unknown>;

/** One namespace on a server: its scripts, its marker, and whether its history is the one that this process knows. */
export interface Store {
  readonly run: RunScript;
  /** Makes the marker, unless the namespace is somebody else's. */
  migrate(): Promise<MigrationReport>;
  /** Rejects if there is no marker, or one of a newer jobwright. */
  check(): Promise<void>;
}

/** `lost` is told once for every loss that shows, with what showed it. */
export function createStore(connection: Connection, lost: (sign: string) => void): Store {
  let known: { readonly born: string; readonly op: number } | undefined;
  let marking: Promise<MigrationReport> | undefined;

  /**
   * Every call that changes something is counted in the store. A count that went back, or that belongs to another history,
   * means that the server forgot what it had confirmed.
   */
  function observe({ born, op }: Reply): void {
    if (known && known.born !== born) lost("its data began anew");
    else if (known && op < known.op) lost(`its count of calls went from ${known.op} back to ${op}`);
    known = { born, op };
  }

  async function attempt(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    const reply = await connection.run(script, args);
    observe(reply);
    return reply.result;
  }

  async function look(born: string): Promise<MigrationReport> {
    const [from, to] = (await connection.runBare(migrate, [born])) as readonly [Int, Int]; // see its header
    refuseNewer(Number(from), connection.place);
    return { from: Number(from), to: Number(to) };
  }

  /** The marker vanished while we worked: FLUSHALL, or a failover to an empty server. The store begins anew. */
  async function markAgain(): Promise<void> {
    marking ??= look(newHistory()).finally(() => {
      marking = undefined;
    });
    const { from } = await marking;
    if (from === 0 && known) {
      known = undefined;
      lost("its data is gone");
    }
  }

  return {
    async run(script, args) {
      try {
        return await attempt(script, args);
      } catch (error) {
        if (markerOf(error) === undefined) throw error;
        await markAgain();
        return attempt(script, args);
      }
    },
    migrate: () => look(newHistory()),
    async check() {
      const { from } = await look("");
      if (from === schemaVersion) return;
      throw new JobwrightError(
        "JW_SCHEMA_MISSING",
        `Redis at ${connection.place} has no jobwright store of this version here yet.`,
        {
          hint: "Run `jobwright migrate`, or create the provider with `migrate: true`.",
        },
      );
    },
  };
}

function newHistory(): string {
  return randomBytes(6).toString("base64url");
}

/** The version that a script found in the marker, if it refused to run because of that; 0: there is none. */
function markerOf(error: unknown): number | undefined {
  const cause = JobwrightError.is(error) ? error.cause : error;
  const found = cause instanceof Error ? /\bJWMETA (\d+)/.exec(cause.message)?.[1] : undefined;
  return found === undefined ? undefined : Number(found);
}

function refuseNewer(version: number, place: string): void {
  if (version <= schemaVersion) return;
  throw new JobwrightError(
    "JW_SCHEMA_NEWER",
    `The store in Redis at ${place} has schema version ${version}; this jobwright knows versions up to ${schemaVersion}.`,
    { hint: "Upgrade the package jobwright in this process. Nothing was changed." },
  );
}
