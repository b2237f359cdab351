import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runConformance } from "../../../runtime/testing/index.ts";
import { redisFactory } from "../../conformance/redis-factory.ts";
import { noServer, type RedisServer, startRedis } from "../../support/redis-server.ts";

/** What `COMMAND DOCS` says of an argument: the version it came with, and how it is written, unless it is a value. */
interface Argument {
  readonly since: string;
  readonly token: string;
  readonly arguments: readonly Argument[];
}

const oldest = [6, 2] as const;
const suite = `what Redis is asked for${noServer ? ` (left out: ${noServer})` : ""}`;

describe.skipIf(noServer)(suite, () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  /** Every command with all words that came with it, over the whole conformance suite, scripts included. */
  async function askedFor(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const asked = new Map<string, Set<string>>();
    const monitor = await server.admin.duplicate().monitor();
    monitor.on("monitor", (_time, [command = "", ...words]: readonly string[]) => {
      const known = asked.get(command.toLowerCase()) ?? new Set();
      asked.set(command.toLowerCase(), known);
      for (const word of words) if (/^[A-Za-z]{2,20}$/.test(word)) known.add(word.toUpperCase());
    });
    const cases: (() => Promise<void>)[] = [];
    runConformance(
      { describe: (_name, body) => body(), it: (_name, body) => cases.push(body) },
      redisFactory(() => server.url),
    );
    for (const run of cases) await run();
    monitor.disconnect();
    return asked;
  }

  it(`was there in Redis ${oldest.join(".")}, command by command and option by option`, async () => {
    const asked = await askedFor();
    expect(asked.size).toBeGreaterThan(30);
    const newer: string[] = [];
    for (const [command, words] of asked) {
      const docs: unknown = await server.admin.call("COMMAND", "DOCS", command);
      const { since, tokens } = docsOf(docs);
      if (isNewer(since)) newer.push(`${command} (${since})`);
      newer.push(...tokens.filter((token) => words.has(token)).map((token) => `${command} ${token}`));
    }
    expect(newer).toEqual([]);
  }, 120_000);
});

/** When a command came, and the words that came later than the oldest version. */
function docsOf(reply: unknown): { readonly since: string; readonly tokens: readonly string[] } {
  const [, fields] = reply as readonly [string, readonly unknown[]]; // a map, as RESP2 has it
  const parts = fieldsOf(fields);
  return { since: String(parts.get("since")), tokens: newTokens(argumentsOf(parts), false) };
}

function newTokens(args: readonly Argument[], isNew: boolean): readonly string[] {
  return args.flatMap(({ since, token, arguments: inner }) => {
    const own = isNew || isNewer(since);
    return [...(own && token !== "" ? [token] : []), ...newTokens(inner, own)];
  });
}

function argumentsOf(parts: ReadonlyMap<unknown, unknown>): readonly Argument[] {
  const list = (parts.get("arguments") ?? []) as readonly (readonly unknown[])[]; // as above
  return list.map((entry) => {
    const fields = fieldsOf(entry);
    const text = (name: string): string => (fields.get(name) ?? "") as string; // as above
    return { since: text("since"), token: text("token").toUpperCase(), arguments: argumentsOf(fields) };
  });
}

function fieldsOf(list: readonly unknown[]): ReadonlyMap<unknown, unknown> {
  return new Map(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]] as const] : [])));
}

function isNewer(since: string): boolean {
  const [major = 0, minor = 0] = since.split(".").map(Number);
  return major > oldest[0] || (major === oldest[0] && minor > oldest[1]);
}
