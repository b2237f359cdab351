import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { type NewJob, needConditions, type Provider } from "../../../runtime/contract/index.ts";
import { describePostgres } from "../../support/postgres-suite.ts";
import { claimOf, createScene, jobOf, jobsOf, type Scene } from "./scene.ts";

const twoMinutes = 120_000;
const error = { name: "Error", message: "planned" };

/** A wait for each other is never resolved: the call fails instead, as its locks do not come. */
const patient = { connection: { options: "-c deadlock_timeout=1h", max: 4 } };

const open = (scene: Scene, count: number): Promise<Provider[]> =>
  Promise.all(Array.from({ length: count }, () => scene.started(patient)));

/** What must not be at rest: an open edge to a job that has ended, and a job that is held by nothing. */
const wrong = ({ tables }: Scene): string => `
  select 'edge' as what, e.child::int from ${tables}.edges e join ${tables}.jobs p on p.seq = e.parent
  where e.status = 'open' and p.finished_at is not null
  union all
  select 'job', j.seq::int from ${tables}.jobs j
  where j.state = 'blocked' and j.held
    and not exists (select 1 from ${tables}.edges e where e.child = j.seq and e.status = 'open')`;

describePostgres("edges between jobs on PostgreSQL", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  it(
    "let a job go once when the last jobs that it needs end on many connections at once",
    async () => {
      const providers = await open(scene, 4);
      const [first] = providers;
      for (let round = 0; round < 15; round++) {
        const parents = jobsOf(8);
        const needs = { of: parents.map(({ id }) => ({ id, when: "succeeded" as const })), mode: "all" as const };
        const child = jobOf({ needs });
        await first?.enqueue([...parents, child]);
        const leases = (await first?.claim(claimOf())) ?? [];
        const acks = await Promise.all(leases.map(async (lease, n) => providers[n % providers.length]?.ack([lease])));
        expect(new Set(acks.flat())).toEqual(new Set(["ok"]));
        const claims = await Promise.all(providers.map((one) => one.claim(claimOf())));
        expect(claims.flat().map(({ id }) => id)).toEqual([child.id]);
        await first?.ack(claims.flat());
      }
    },
    twoMinutes,
  );

  it.each(["the first", "more"])(
    "are seen by an end that comes while %s of them are drawn",
    async (which) => {
      const [one, other] = await open(scene, 2);
      if (!one || !other) throw new Error("two were started");
      for (let round = 0; round < 40; round++) {
        const parent = jobOf();
        const needs = { of: [{ id: parent.id, when: "finished" as const }], mode: "all" as const };
        const [early, ...late] = jobsOf(4, { needs });
        if (!early) throw new Error("four were made");
        const known = which === "more" ? [early] : [];
        await one.enqueue([parent, ...known]);
        const leases = await one.claim(claimOf());
        const calls = late.map((child) => other.enqueue([child]));
        await Promise.all([...calls, one.ack(leases)]);
        const free = await one.claim(claimOf());
        expect(new Set(free.map(({ id }) => id))).toEqual(new Set([...known, ...late].map(({ id }) => id)));
        await one.ack(free);
      }
    },
    twoMinutes,
  );

  it(
    "are added to a batch or refused, whatever ends meanwhile, and never forgotten",
    async () => {
      const [one, other] = await open(scene, 2);
      if (!one || !other) throw new Error("two were started");
      for (let round = 0; round < 30; round++) {
        const seal = jobOf({ delayMs: 60_000 });
        const batch = jobOf({ needs: { of: [{ id: seal.id, when: "finished" }], mode: "all" } });
        await one.enqueue([seal, batch]);
        const member = jobOf({ neededBy: [{ id: batch.id, when: "finished" }] });
        const added = other.enqueue([member]).then(
          () => true,
          ({ code }: { readonly code: string }) => code !== "JW_BATCH_CLOSED",
        );
        const [isAdded] = await Promise.all([added, one.complete([{ id: seal.id }])]);
        expect((await one.get(batch.id))?.state).toBe(isAdded ? "blocked" : "ready");
        expect((await one.get(member.id))?.state).toBe(isAdded ? "ready" : undefined);
        for (const _ of isAdded ? [1, 2] : [1]) expect(await one.ack(await one.claim(claimOf()))).toEqual(["ok"]);
      }
    },
    twoMinutes,
  );

  const verbs = ["ack", "dead", "skip", "cancel", "complete", "requeue", "add", "prune"] as const;
  const call = fc.record({
    verb: fc.constantFrom(...verbs),
    who: fc.nat(3),
    picks: fc.array(fc.nat(29), { minLength: 1, maxLength: 4 }),
    when: fc.constantFrom(...needConditions),
    mode: fc.constantFrom("all" as const, "any" as const),
  });
  type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;
  const calls = fc.array(call, { minLength: 60, maxLength: 60 });

  /** All at once, on four pools; the jobs need each other in both directions of their insertion. */
  async function play(providers: readonly Provider[], script: readonly Call[]) {
    const [first] = providers;
    if (!first) throw new Error("none was started");
    const jobs: NewJob[] = [];
    for (const { picks, when, mode } of script.slice(0, 30)) {
      const of = [...new Set(picks)].flatMap((pick) => jobs.slice(pick, pick + 1)).map(({ id }) => ({ id, when }));
      jobs.push(jobOf(of.length > 0 ? { needs: { of, mode } } : {}));
    }
    await first.enqueue(jobs);
    const leases = await first.claim(claimOf());
    await Promise.all(
      script.map(async ({ verb, who, picks, when }) => {
        const provider = providers[who] ?? first;
        const picked = [...new Set(picks)].flatMap((pick) => jobs.slice(pick, pick + 1));
        const ids = picked.map(({ id }) => id);
        const held = leases.filter(({ id }) => ids.includes(id));
        switch (verb) {
          case "ack":
            return provider.ack(held);
          case "dead":
            return provider.nack(held.map((lease) => ({ ...lease, outcome: "dead", reason: "discarded", error })));
          case "skip":
            return provider.nack(held.map((lease) => ({ ...lease, outcome: "skip" })));
          case "cancel":
            return provider.cancel(ids);
          case "complete":
            return provider.complete(picked);
          case "requeue":
            return provider.requeue(ids);
          case "prune":
            return provider.prune({ retentionMs: { succeeded: 0, skipped: 0 }, limit: 5 });
          case "add":
            return provider
              .enqueue([jobOf({ neededBy: ids.map((id) => ({ id, when })) })])
              .catch((refusal: unknown) => {
                expect(refusal).toMatchObject({ code: "JW_BATCH_CLOSED" });
              });
        }
      }),
    );
  }

  it(
    "are consistent after calls of every kind at once, none of which waits for another in a circle",
    async () => {
      const providers = await open(scene, 4);
      await fc.assert(
        fc.asyncProperty(calls, async (script) => {
          await play(providers, script);
          expect(await scene.sql(wrong(scene))).toEqual([]);
        }),
        { numRuns: 15, endOnFailure: true },
      );
    },
    twoMinutes,
  );
});
