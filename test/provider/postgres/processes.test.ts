import { spawn } from "node:child_process";
import { once } from "node:events";
import pg from "pg";
import { createClient, createTypedWorker, type JobClient } from "jobwright/codegen/v1";
import { postgres, type PostgresOptions } from "jobwright/postgres";
import { afterEach, expect, it } from "vitest";
import type { ReapResult } from "../../../runtime/contract/index.ts";
import { descriptor, type Work } from "../../e2e/descriptor.ts";
import { spin } from "../../e2e/spin.ts";
import { describePostgres, dropSchema, newSchemaName } from "../../support/postgres-suite.ts";

interface Jobs {
  readonly work: JobClient<Work, { readonly pid: number }>;
}

/** Says that it is there, and migrates when it is told to: its report is all that follows. */
const migrating = `
  import { once } from "node:events";
  import { postgres } from "jobwright/postgres";
  const [url, schema] = process.argv.slice(1);
  const provider = postgres({ url, schema });
  process.stdout.write("ready");
  await once(process.stdin, "data");
  process.stdout.write(JSON.stringify(await provider.migrate()));
  await provider.stop();
  process.exit();`;

// The built package: processes of their own, and threads, load compiled modules.
describePostgres("processes on PostgreSQL", (given) => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  it("eight that migrate at once do it once", async () => {
    const schema = newSchemaName();
    closers.push(() => dropSchema(given.url, schema));
    const children = Array.from({ length: 8 }, () => {
      const args = ["--input-type=module", "-e", migrating, given.url, schema];
      const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
      const said: string[] = [];
      child.stdout.setEncoding("utf8").on("data", (text: string) => said.push(text));
      return { child, said, there: once(child.stdout, "data"), exited: once(child, "close") };
    });
    await Promise.all(children.map(({ there }) => there));
    for (const { child } of children) child.stdin.write("go");
    const codes = await Promise.all(children.map(({ exited }) => exited));
    expect(codes.map(([code]) => code as unknown)).toEqual(Array.from({ length: 8 }, () => 0));
    const reports = children.map(
      ({ said }) => JSON.parse(said.join("").slice("ready".length)) as { from: number; to: number },
    );
    expect(reports.filter(({ from }) => from === 0)).toHaveLength(1);
    expect(new Set(reports.map(({ to }) => to)).size).toBe(1);
  });

  it.each(["its own pool", "the application's pool", "a pooler's mode"])(
    "keep the lease of a handler that keeps the CPU for three times as long, with %s",
    async (whose) => {
      const schema = newSchemaName();
      closers.push(() => dropSchema(given.url, schema));
      const pool = new pg.Pool({ connectionString: given.url });
      closers.push(() => pool.end());
      const place: PostgresOptions = whose === "the application's pool" ? { database: pool } : { url: given.url };
      const pooler = whose === "a pooler's mode" ? "transaction" : "none";
      const provider = postgres({ ...place, pooler, schema, onWarning: () => {} });
      closers.push(() => provider.stop());
      const jobs = await createClient<Jobs>(descriptor, { provider });
      const leaseMs = 1_000;
      let reaped: ReapResult | undefined;
      const worker = await createTypedWorker(descriptor, {
        provider,
        lease: `${leaseMs}ms`,
        handlers: {
          async work() {
            spin(3 * leaseMs);
            // The first thing that this thread says after its silence: a lapsed lease would be ended here.
            reaped = await provider.reap(10);
            return { pid: process.pid };
          },
        },
      });
      closers.push(() => worker.stop());
      void worker.start();
      const handle = await jobs.work.enqueue({ n: 1, do: "nothing", ms: 0 });
      await handle.result();
      expect(reaped).toEqual({ readied: 0, ended: 0 });
      expect(await provider.get(handle.id)).toMatchObject({ state: "succeeded", fence: 1, crashes: 0 });
    },
  );
});
