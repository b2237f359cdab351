import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describePostgres } from "../support/postgres-suite.ts";
import { describeRedis } from "../support/redis-suite.ts";
import { eventsSuite } from "./events-suite.ts";
import { postgresPlace, redisPlace, sqlitePlace } from "./place.ts";

describe("SQLite", () => eventsSuite(sqlitePlace));
describePostgres("PostgreSQL", (given) => eventsSuite(() => postgresPlace(given.url)), { shared: true });
describeRedis("Redis", (given) => eventsSuite(() => redisPlace(given.url)), { shared: true });

describe("a process", () => {
  const run = (code: string) =>
    spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      timeout: 30_000,
    });
  const client = `
    import { createClient } from "jobwright/codegen/v1";
    import { createProvider } from "jobwright/provider";
    import { descriptor } from ${JSON.stringify(join(import.meta.dirname, "descriptor.ts"))};
    const provider = await createProvider("sqlite::memory:");
    const jobs = await createClient(descriptor, { provider, events: { poll: "10ms" } });
  `;

  it("does not stay for a listener", () => {
    expect(run(`${client} jobs.work.on("dead", () => undefined);`)).toMatchObject({ status: 0, stderr: "" });
  });

  it("stays for a stream", () => {
    const late = `setTimeout(() => jobs.work.handle(id).cancel(), 100).unref();`;
    const told = run(`${client} const { id } = await jobs.work.enqueue({ do: "nothing", ms: 0, n: 1 }); ${late}
      for await (const event of jobs.$events.stream()) { console.log(event.id === id); break; }`);
    expect(told).toMatchObject({ status: 0, stdout: "true\n" });
  });
});
