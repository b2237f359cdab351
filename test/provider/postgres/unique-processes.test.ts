import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import type { UniqueKey } from "../../../runtime/contract/index.ts";
import { describePostgres } from "../../support/postgres-suite.ts";
import { createScene, jobOf } from "./scene.ts";

const modules = {
  postgres: new URL("../../../runtime/providers/postgres/index.ts", import.meta.url).href,
  uuid: new URL("../../../runtime/core/uuid.ts", import.meta.url).href,
};

/** Says that it is there, and races when it is told to: 250 calls at once for 10 keys. */
const racing = `
  import { once } from "node:events";
  import { postgres } from ${JSON.stringify(modules.postgres)};
  import { createUuidV7 } from ${JSON.stringify(modules.uuid)};
  const [url, schema] = process.argv.slice(1);
  const provider = postgres({ url, schema, onWarning() {} });
  await provider.start();
  const newId = createUuidV7();
  process.stdout.write("ready");
  await once(process.stdin, "data");
  const results = await Promise.all(Array.from({ length: 250 }, (_, n) => provider.enqueue([{
    id: newId(), name: "mail", queue: "mail", version: 1, priority: 0, maxCrashes: 3, payload: "{}",
    unique: { key: "key " + (n % 10), scope: "live", onConflict: "ignore" } }])));
  process.stdout.write(JSON.stringify(results.flat()));
  await provider.stop();
  process.exit();`;

/** Takes a key in a transaction, says so, and never commits. */
const dying = `
  import pg from "pg";
  import { drizzle } from "drizzle-orm/node-postgres";
  import { postgres } from ${JSON.stringify(modules.postgres)};
  const [url, schema, job] = process.argv.slice(1);
  const db = drizzle(new pg.Pool({ connectionString: url }));
  const provider = postgres({ database: db, schema, onWarning() {} });
  await provider.start();
  await db.transaction(async (tx) => {
    await provider.enqueueInTransaction([JSON.parse(job)], tx);
    process.stdout.write("taken");
    await new Promise((resolve) => process.stdin.once("data", resolve));
  });`;

describePostgres("unique keys of several processes on PostgreSQL", (given) => {
  const scene = createScene(given);
  const children: { kill(signal: "SIGKILL"): unknown }[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await scene.end();
  });

  function run(script: string, ...args: readonly string[]) {
    const given_ = ["--import", "tsx", "--input-type=module", "-e", script, given.url, scene.schema, ...args];
    const child = spawn(process.execPath, given_, { stdio: ["pipe", "pipe", "inherit"] });
    children.push(child);
    const said: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => said.push(text));
    return { child, said, there: once(child.stdout, "data"), exited: once(child, "close") };
  }

  const keyOf = (key: string): UniqueKey => ({ key, scope: "live", onConflict: "ignore" });

  it("have one holder each after 1,000 calls at once", async () => {
    const provider = await scene.started();
    const all = Array.from({ length: 4 }, () => run(racing));
    await Promise.all(all.map(({ there }) => there));
    for (const { child } of all) child.stdin.write("go");
    await Promise.all(all.map(({ exited }) => exited));
    const results = all.flatMap(({ said }) => JSON.parse(said.join("").slice("ready".length)) as { outcome: string }[]);
    expect(results).toHaveLength(1_000);
    expect(results.filter(({ outcome }) => outcome === "enqueued")).toHaveLength(10);
    expect(results.filter(({ outcome }) => outcome === "deduplicated")).toHaveLength(990);
    expect(await provider.counts()).toEqual({ mail: { ready: 10 } });
  });

  it("are free again when the process that had taken one is killed before its commit", async () => {
    const provider = await scene.started();
    const { child, there } = run(dying, JSON.stringify(jobOf({ unique: keyOf("one") })));
    await there;
    const wants = provider.enqueue([jobOf({ unique: keyOf("one") })]);
    child.kill("SIGKILL");
    expect(await wants).toMatchObject([{ outcome: "enqueued" }]);
    expect(await provider.counts()).toEqual({ mail: { ready: 1 } });
  });
});
