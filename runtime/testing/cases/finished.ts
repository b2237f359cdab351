import { deepEqual, rejects } from "node:assert/strict";
import type { ConformanceCase } from "../conformance.ts";
import { type Case } from "./needs-steps.ts";
import { claimOne, claimRequest, failure, first, givenClaim, idsOf, pruneAll, recordOf } from "./steps.ts";

const cases: readonly Case[] = [
  {
    name: "jobs that ended since a time are told in the order of their ends, page by page",
    async run(context) {
      const provider = await context.createProvider();
      const jobs = Array.from({ length: 4 }, () => context.newJob());
      await provider.enqueue(jobs);
      const [a, b, c, d] = await provider.claim(claimRequest());
      if (!a || !b || !c || !d) throw new Error("four jobs are claimed");
      await provider.ack([b]);
      context.clock.advance(10);
      const since = context.clock.now();
      await provider.nack([{ ...d, outcome: "dead", reason: "discarded", error: failure }]);
      context.clock.advance(10);
      await provider.ack([c]);
      await provider.cancel([a.id]);
      const page = await provider.finished({ since, limit: 1 });
      deepEqual([page.now, idsOf(page.jobs)], [context.clock.now(), [d.id]]);
      deepEqual(first(page.jobs), await recordOf(provider, d.id));
      const rest = await provider.finished({ since, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) });
      deepEqual([idsOf(rest.jobs), rest.cursor], [[c.id], undefined]);
      deepEqual(idsOf((await provider.finished({ since: 0 })).jobs), [b.id, d.id, c.id]);
      await provider.ack([a]);
      deepEqual(idsOf((await provider.finished({ since: context.clock.now() })).jobs), [a.id, c.id]);
    },
  },
  {
    name: "a job that waits again is none that ended",
    async run(context) {
      const { provider, id, lease } = await givenClaim(context);
      await provider.ack([lease]);
      await provider.requeue([id]);
      deepEqual((await provider.finished({ since: 0 })).jobs, []);
      await provider.ack([await claimOne(provider)]);
      deepEqual(idsOf((await provider.finished({ since: 0 })).jobs), [id]);
      context.clock.advance(1);
      await provider.prune(pruneAll);
      deepEqual((await provider.finished({ since: 0 })).jobs, []);
    },
  },
  {
    name: "a page of ended jobs has a sensible limit and a cursor of its own",
    async run(context) {
      const provider = await context.createProvider();
      await rejects(provider.finished({ since: 0, limit: 0 }), { code: "JW_INVALID_OPTION" });
      await rejects(provider.finished({ since: 0, cursor: "1" }), { code: "JW_INVALID_OPTION" });
    },
  },
];

export const finishedCases: readonly ConformanceCase[] = cases.map((one) => ({ ...one, area: "finished" }));
