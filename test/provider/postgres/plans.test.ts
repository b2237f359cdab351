import { afterEach, expect, it } from "vitest";
import { completionsOf } from "../../../runtime/providers/postgres/ack.ts";
import { createStatements } from "../../../runtime/providers/postgres/statements.ts";
import type { PgStatement } from "../../../runtime/providers/postgres/sql.ts";
import { describePostgres } from "../../support/postgres-suite.ts";
import { claimOf, createScene, jobOf, jobsOf } from "./scene.ts";

interface Plan {
  readonly "Rows Removed by Join Filter"?: number;
  readonly Plans?: readonly Plan[];
}

/** Pairs of rows that were compared one by one, and did not fit. */
function misfits({ "Rows Removed by Join Filter": own = 0, Plans: parts = [] }: Plan): number {
  return parts.reduce((sum, part) => sum + misfits(part), own);
}

describePostgres("an ack of 500 jobs on PostgreSQL", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  async function misfitsOf({ text, parameters }: PgStatement, values: Record<string, unknown>): Promise<number> {
    const client = await scene.client();
    await client.query("begin");
    const ordered = parameters.map((name) => values[name] ?? null);
    const { rows } = await client.query(`explain (analyze, format json) ${text}`, ordered);
    await client.query("rollback");
    const [{ Plan: plan }] = rows[0]["QUERY PLAN"] as [{ Plan: Plan }]; // what EXPLAIN says
    return misfits(plan);
  }

  it("does not compare each job with each lease, also where others need them", async () => {
    const provider = await scene.started();
    const jobs = jobsOf(500);
    const of = jobs.slice(0, 250).map(({ id }) => ({ id, when: "finished" as const }));
    await provider.enqueue([...jobs, jobOf({ queue: "other", needs: { of, mode: "all" } })]);
    const leases = await provider.claim(claimOf({ limit: 500 }));
    expect(leases).toHaveLength(500);
    const { ack, ackEdges } = createStatements(scene.schema);
    const plain = leases.filter(({ gated }) => !gated);
    const needed = leases.filter(({ gated }) => gated);
    expect(await misfitsOf(ack, completionsOf([...plain.entries()]))).toBe(0);
    expect(await misfitsOf(ackEdges, completionsOf([...needed.entries()]))).toBe(0);
  });
});
