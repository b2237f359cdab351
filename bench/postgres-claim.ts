/**
 * Prints what a claim of 100 jobs and their ack cost while the tables hold something else as well, against an empty store:
 * `npx tsx bench/postgres-claim.ts [rows]`.
 */
import pg from "pg";
import { createUuidV7 } from "../runtime/core/uuid.ts";
import type { NewJob } from "../runtime/contract/index.ts";
import { postgres, type PostgresProvider } from "../runtime/providers/postgres/index.ts";
import { runSql, startPostgres } from "../test/support/postgres-server.ts";
import { median } from "./table.ts";

const rows = Number(process.argv[2] ?? 1_000_000);
const passing = Math.round(rows / 10);
const rounds = 100;
const size = 100;

const settings = ["fsync=on", "full_page_writes=on", "shared_buffers=512MB", "max_wal_size=4GB"];
const server = await startPostgres(...settings);
const newId = createUuidV7();

function jobsOf(count: number): NewJob[] {
  const kind = { name: "mail", queue: "mail", version: 1, priority: 0, maxCrashes: 3, payload: '{"n":1}' };
  return Array.from({ length: count }, () => ({ id: newId(), ...kind }));
}

/** A started provider on a schema of its own. */
async function storeOf(schema: string, url = server.url): Promise<PostgresProvider> {
  const provider = postgres({ url, schema });
  await provider.start();
  return provider;
}

/** Jobs that are there already, as one statement: `state` of a queue, with a priority and a time. */
async function fill(schema: string, queue: string, state: string, priority: number, due: string): Promise<void> {
  await runSql(
    server.url,
    `with added as (
      insert into ${schema}.jobs (id, name, queue, version, state, priority, run_at, enqueued_at, max_crashes)
      select gen_random_uuid(), 'mail', '${queue}', 1, '${state}', ${priority}, ${due} + n, ${due}, 3
      from generate_series(1, ${rows}) n returning seq)
    insert into ${schema}.payloads (seq, payload) select seq, '{"n":1}' from added`,
  );
  await runSql(server.url, "analyze");
  await runSql(server.url, "checkpoint");
}

interface Cost {
  readonly claimMs: number;
  readonly ackMs: number;
}

let claims = 0;

/** A claim of as many as there are, up to `size`, and their ack. */
async function turn(provider: PostgresProvider): Promise<Cost & { readonly jobs: number }> {
  const lanes = [{ queue: "mail", limit: size, handles: [{ name: "mail", maxVersion: 1 }] }];
  const startedAt = performance.now();
  const jobs = await provider.claim({ claimId: String(++claims), workerId: "w", leaseMs: 60_000, lanes });
  const claimedAt = performance.now();
  await provider.ack(jobs);
  return { jobs: jobs.length, claimMs: claimedAt - startedAt, ackMs: performance.now() - claimedAt };
}

/**
 * Medians of rounds that enqueue what they claim, in turns with the same on an empty store, as the machine has other things
 * to do as well; the first tenth warms up.
 */
async function measure(what: string, provider: PostgresProvider): Promise<void> {
  const costs: Record<"own" | "base", Cost[]> = { own: [], base: [] };
  for (let round = 0; round < rounds * 1.1; round++) {
    for (const [whose, store] of [["own", provider] as const, ["base", empty] as const]) {
      await store.enqueue(jobsOf(size));
      const cost = await turn(store);
      if (cost.jobs !== size) throw new Error(`a claim found ${cost.jobs} of ${size} jobs`);
      if (round >= rounds / 10) costs[whose].push(cost);
    }
  }
  const compared = (["claimMs", "ackMs"] as const).map((part) => {
    const [own, base] = [costs.own, costs.base].map((list) => median(list.map((cost) => cost[part])));
    if (own === undefined || base === undefined) throw new Error("nothing was measured");
    const worst = Math.max(...costs.own.map((cost) => cost[part])).toFixed(1);
    const ratio = (own / base).toFixed(2);
    return `${part.slice(0, -2)} ${own.toFixed(2)} ms, empty ${base.toFixed(2)} ms, ×${ratio}; at worst ${worst} ms`;
  });
  console.log(`${what}\n  ${compared.join("\n  ")}`);
}

/** Somebody reads in a transaction that began before these jobs came and went. */
async function underSnapshot(provider: PostgresProvider): Promise<void> {
  const reader = new pg.Client({ connectionString: server.url });
  await reader.connect();
  await reader.query("begin isolation level repeatable read");
  await reader.query("select count(*) from held.jobs");
  for (let done = 0; done < passing; done += size) {
    await provider.enqueue(jobsOf(size));
    await turn(provider);
  }
  await measure(`a snapshot held open while ${passing.toLocaleString("en")} jobs passed`, provider);
  await reader.query("commit");
  await reader.end();
}

const million = rows.toLocaleString("en");
// In a database of its own: a snapshot holds back what is cleaned away in all of its database.
await runSql(server.url, "create database base");
const empty = await storeOf("empty", server.url.replace(/\/postgres$/, "/base"));
console.log(`${size} jobs per claim and ack, medians of ${rounds}, everything flushed`);
const another = await storeOf("another");
await measure("another empty store", another);

const ready = await storeOf("ready");
await fill("ready", "other", "ready", 0, "0");
await measure(`${million} ready jobs of another queue`, ready);

const later = await storeOf("later");
await fill("later", "mail", "scheduled", -10, "4102444800000");
await measure(`${million} scheduled jobs of better priority`, later);

const held = await storeOf("held");
await underSnapshot(held);

for (const provider of [empty, another, ready, later, held]) await provider.stop();
await server.stop();
