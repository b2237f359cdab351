import { JobwrightError } from "../../contract/index.ts";
import { isCluster } from "./client.ts";
import type { Connection } from "./connection.ts";
import type { RedisWarning } from "./options.ts";

/** What the server says of itself, as far as it bears on the promise. */
export interface ServerFacts {
  /** Of Redis, or that of Redis to which Valkey is equal. */
  readonly version: string;
  /** `aof`: what was accepted survives a killed server. `snapshots`: it may not. */
  readonly persistence: "aof" | "snapshots" | "unknown";
  /** `maxmemory-policy`; undefined if the server does not say. */
  readonly evictionPolicy: string | undefined;
}

const oldest = [6, 2] as const;

/** Asks every primary, and refuses servers that would lose jobs as a matter of course. */
export async function checkServer(
  connection: Connection,
  unsafeAllowEviction: boolean,
  warn: (warning: RedisWarning) => void,
): Promise<ServerFacts> {
  const { client, place } = connection;
  const infos = await connection.within(() => {
    const nodes = isCluster(client) ? client.nodes("master") : [client];
    return Promise.all(nodes.map((node) => node.info()));
  });
  const facts = infos.map(factsOf);
  for (const { version } of facts) refuseOld(version, place);
  const evicting = facts.find(({ evictionPolicy }) => evictionPolicy !== undefined && evictionPolicy !== "noeviction");
  if (evicting) checkEviction(evicting.evictionPolicy ?? "", unsafeAllowEviction, place, warn);
  const worst = facts.find(({ persistence }) => persistence !== "aof") ?? facts[0];
  if (worst?.persistence === "snapshots") warn(notPersistent(place));
  if (facts.some(({ evictionPolicy, persistence }) => evictionPolicy === undefined || persistence === "unknown")) {
    warn({
      code: "unknown-configuration",
      message: `Redis at ${place} does not say whether it evicts or persists: make sure of noeviction and appendonly.`,
    });
  }
  return { ...(worst ?? factsOf("")), evictionPolicy: evicting?.evictionPolicy ?? worst?.evictionPolicy };
}

/** INFO is allowed where CONFIG is not, and tells enough. */
function factsOf(info: string): ServerFacts {
  const values = new Map([...info.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name, value]) => [name, value]));
  const aof = values.get("aof_enabled");
  return {
    version: values.get("redis_version") ?? "unknown",
    persistence: aof === undefined ? "unknown" : aof === "1" ? "aof" : "snapshots",
    evictionPolicy: values.get("maxmemory_policy"),
  };
}

function refuseOld(version: string, place: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (Number.isNaN(major) || major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  throw new JobwrightError("JW_STORE_UNSUPPORTED", `Redis at ${place} is version ${version}, which is too old.`, {
    hint: `Use Redis ${oldest.join(".")} or newer, or Valkey.`,
  });
}

function checkEviction(policy: string, allowed: boolean, place: string, warn: (warning: RedisWarning) => void): void {
  const message = `Redis at ${place} has maxmemory-policy ${policy}: it may delete jobs when its memory is full.`;
  if (allowed) return warn({ code: "eviction", message });
  throw new JobwrightError("JW_STORE_UNSAFE", message, {
    hint: "Set `maxmemory-policy noeviction`, or accept the loss of jobs with `unsafeAllowEviction: true`.",
  });
}

function notPersistent(place: string): RedisWarning {
  return {
    code: "no-persistence",
    message: `Redis at ${place} has no append-only file: a restart forgets jobs. Set \`appendonly yes\`.`,
  };
}
