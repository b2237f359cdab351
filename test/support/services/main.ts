import { noPgBouncer, pgBouncerSource, startPgBouncer } from "../pgbouncer.ts";
import {
  givenUrl as givenPostgres,
  noServer as noPostgres,
  postgresSource,
  startPostgres,
} from "../postgres-server.ts";
import { givenUrl as givenRedis, noServer as noRedis, redisSource, startRedis } from "../redis-server.ts";
import type { Source } from "./source.ts";

/** `npm run services`: finds or installs the servers that tests need, starts each once, and says what it did. */
const services = [
  { name: "PostgreSQL", given: givenPostgres, missing: noPostgres, source: postgresSource, start: startPostgres },
  { name: "Redis", given: givenRedis, missing: noRedis, source: redisSource, start: startRedis },
  { name: "PgBouncer", given: undefined, missing: noPgBouncer, source: pgBouncerSource, start: startPgBouncer },
];

for (const { name, given, missing, source, start } of services) {
  console.log(`${name}\n  tests that share a server: ${given === undefined ? "a private one" : hostOf(given)}`);
  if (missing === undefined) {
    const startedAt = performance.now();
    const server = await start();
    console.log(
      `  private servers: ${describe(source)}; started one in ${Math.round(performance.now() - startedAt)} ms`,
    );
    await server.stop();
  } else {
    console.log(`  private servers: none, as ${missing}.\n  Install ${name}, and see that its program is on PATH.`);
    process.exitCode = 2;
  }
}

function describe(source: Source): string {
  if (source.kind === "docker") return "from Docker";
  if (source.kind === "none") return "none";
  return `${source.path === "" ? "on PATH" : source.path}${source.installed ? ", installed just now" : ""}`;
}

/** Never with the password. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "the one given";
}
