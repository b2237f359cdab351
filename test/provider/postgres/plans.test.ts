import { afterEach, expect, it } from "vitest";
import { completionsOf } from "../../../runtime/providers/postgres/ack.ts";
import { noneClaimed } from "../../../runtime/providers/postgres/store.ts";
import { setUpSession } from "../../../runtime/providers/postgres/session.ts";
import { createStatements } from "../../../runtime/providers/postgres/statements.ts";
import type { PgStatement } from "../../../runtime/providers/postgres/sql.ts";
import { describePostgres } from "../../support/postgres-suite.ts";
import { claimOf, createScene, jobOf, jobsOf } from "./scene.ts";

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Join Filter"?: number;
  readonly Plans?: readonly Plan[];
}

/** Pairs of rows that were compared one by one, and did not fit. */
function misfits({ "Rows Removed by Join Filter": own = 0, Plans: parts = [] }: Plan): number {
  return parts.reduce((sum, part) => sum + misfits(part), own);
}

/** Rows of a table that were read. */
function readOf(table: string, plan: Plan): number {
  const own = plan["Relation Name"] === table ? plan["Actual Rows"] * plan["Actual Loops"] : 0;
  return (plan.Plans ?? []).reduce((sum, part) => sum + readOf(table, part), own);
}

/** Kinds of the plan's parts. */
function partsOf({ "Node Type": own, Plans: parts = [] }: Plan): readonly string[] {
  return [own, ...parts.flatMap(partsOf)];
}

describePostgres("a statement about many jobs on PostgreSQL", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  async function planOf({ text, parameters }: PgStatement, values: Record<string, unknown>): Promise<Plan> {
    const client = await scene.client();
    await client.query("begin; set local plan_cache_mode = force_generic_plan");
    const ordered = parameters.map((name) => values[name] ?? null);
    const { rows } = await client.query(`explain (analyze, format json) ${text}`, ordered);
    await client.query("rollback");
    const [{ Plan: plan }] = rows[0]["QUERY PLAN"] as [{ Plan: Plan }]; // what EXPLAIN says
    return plan;
  }

  it("claims the first ones without looking at the others, also where all of them have one name", async () => {
    const provider = await scene.started();
    for (let batch = 0; batch < 5; batch++) await provider.enqueue(jobsOf(1_000));
    await scene.sql(`analyze ${scene.tables}.jobs`);
    const { queue, name } = jobOf();
    const lane = { queue, room: 100, names: [name], versions: [1], priority: -(2 ** 15), run_at: 0, seq: 0 };
    const values = { workerId: "w", claimId: "c", mayRepeat: true, leaseMs: 1_000, lanes: JSON.stringify([lane]) };
    const plan = await planOf(createStatements(scene.schema).claim, values);
    // Read, and changed.
    expect(readOf("jobs", plan)).toBeLessThanOrEqual(300);
    expect(readOf("payloads", plan)).toBe(100);
  });

  it("acks without comparing each job with each lease, also where others need them", async () => {
    const provider = await scene.started();
    const jobs = jobsOf(500);
    const of = jobs.slice(0, 250).map(({ id }) => ({ id, when: "finished" as const }));
    await provider.enqueue([...jobs, jobOf({ queue: "other", needs: { of, mode: "all" } })]);
    const leases = await provider.claim(claimOf({ limit: 500 }));
    expect(leases).toHaveLength(500);
    const { ack, ackEdges } = createStatements(scene.schema);
    const rows = await scene.sql<{ seq: string; id: string }>(`select seq, id from ${scene.tables}.jobs`);
    const known = { ...noneClaimed(), seqs: new Map(rows.map(({ id, seq }) => [id, Number(seq)])) };
    const plain = leases.filter(({ gated }) => !gated);
    const needed = leases.filter(({ gated }) => gated);
    for (const claimed of [noneClaimed(), known]) {
      const plan = await planOf(ack, completionsOf(claimed, [...plain.entries()]));
      expect(misfits(plan)).toBe(0);
      // What is known is not looked up again.
      expect(readOf("payloads", plan)).toBe(claimed === known ? 0 : plain.length);
      expect(misfits(await planOf(ackEdges, completionsOf(claimed, [...needed.entries()])))).toBe(0);
    }
  });

  it("is given to no processes of its own, whatever it is about", async () => {
    const provider = await scene.started();
    await provider.enqueue(jobsOf(10));
    const client = await scene.client();
    await new Promise<void>((resolve, reject) => {
      setUpSession(client, (error) => (error ? reject(error) : resolve()));
    });
    for (const [name, { text, parameters }] of Object.entries(createStatements(scene.schema))) {
      const { rows } = await client.query(
        `explain (format json) ${text}`,
        parameters.map(() => null),
      );
      const [{ Plan: plan }] = rows[0]["QUERY PLAN"] as [{ Plan: Plan }]; // what EXPLAIN says
      expect(partsOf(plan), name).not.toContain("Gather");
    }
  });
});
