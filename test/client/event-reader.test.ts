import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type End, createEndReader, type EndReader } from "../../runtime/client/events/reader.ts";
import { cursorOf, positionOf } from "../../runtime/client/events/position.ts";
import type { FinishedPage, FinishedRequest, JobRecord, Provider } from "../../runtime/contract/index.ts";
import { createFakeClock, createMemoryProvider, type FakeClock } from "../../runtime/testing/index.ts";
import { createJobFactory } from "../../runtime/testing/new-job.ts";

const lateMs = 1_000;

/** A store whose ends may show later than their time, as those of long transactions do. */
function lateStore(clock: FakeClock) {
  const store = createMemoryProvider({ clock });
  const newJob = createJobFactory(clock);
  const shownAt = new Map<string, number>();
  let all: readonly JobRecord[] = [];

  async function finished({ since, limit = 100, cursor = "0" }: FinishedRequest): Promise<FinishedPage> {
    const shown = all.filter((job) => (job.finishedAt ?? 0) >= since && (shownAt.get(job.id) ?? 0) <= clock.now());
    // Its cursor is the place of a job among all of them, also of those that do not show yet.
    const rest = shown.filter((job) => all.indexOf(job) >= Number(cursor));
    const jobs = rest.slice(0, limit);
    const next = rest[limit];
    return { now: clock.now(), jobs, cursor: next && String(all.indexOf(next)) };
  }

  return {
    provider: { ...store, finished } satisfies Provider,
    /** Ends so many jobs at this time, which show after so many ms. */
    async end(count: number, showsAfterMs: number): Promise<readonly string[]> {
      const jobs = Array.from({ length: count }, () => newJob());
      await store.enqueue(jobs);
      const ids = jobs.map(({ id }) => id);
      await store.cancel(ids);
      for (const id of ids) shownAt.set(id, clock.now() + showsAfterMs);
      all = (await store.finished({ since: 0, limit: 1_000 })).jobs;
      return ids;
    },
  };
}

/** Everything that can be read now. */
async function readAll(reader: EndReader): Promise<readonly End[]> {
  const { ends, more } = await reader.read();
  return more ? [...ends, ...(await readAll(reader))] : ends;
}

const idsOf = (ends: readonly End[]): readonly string[] => ends.map(({ record }) => record.id);

type Step =
  | { readonly do: "end"; readonly count: number; readonly showsAfterMs: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "read" }
  | { readonly do: "restart"; readonly kept: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant("end" as const),
      count: fc.integer({ min: 1, max: 9 }),
      showsAfterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: lateMs - 1 })),
    }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.oneof(fc.integer({ max: 20, min: 0 }), fc.constant(2_500)) }),
    fc.constant({ do: "read" as const }),
    fc.record({ do: fc.constant("restart" as const), kept: fc.integer({ min: 0, max: 12 }) }),
  ),
  { maxLength: 25 },
);

describe("the reader of ends", () => {
  it("tells every end, of equal times, in pages, late and over restarts; without restarts once", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), async (given, limit) => {
        const clock = createFakeClock();
        const { provider, end } = lateStore(clock);
        const open = (cursor: string): EndReader =>
          createEndReader(provider, { from: positionOf(cursor), lateMs, limit });
        const ended: string[] = [];
        const heard: string[] = [];
        let cursor = "0";
        let reader = open(cursor);
        let restarts = 0;
        const hear = (ends: readonly End[]): void => {
          heard.push(...idsOf(ends));
          cursor = cursorOf(ends.at(-1)?.position ?? positionOf(cursor));
        };
        for (const step of [...given, { do: "wait", ms: 3 * lateMs } as const, { do: "read" } as const]) {
          if (step.do === "end") ended.push(...(await end(step.count, step.showsAfterMs)));
          if (step.do === "wait") clock.advance(step.ms);
          if (step.do === "read") hear(await readAll(reader));
          if (step.do === "restart") {
            hear((await readAll(reader)).slice(0, step.kept));
            reader = open(cursor);
            restarts++;
          }
        }
        expect(new Set(heard)).toEqual(new Set(ended));
        if (restarts === 0) expect(heard.length).toBe(ended.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it("goes on behind the very job of a cursor, among many of one time, once they are settled", async () => {
    const clock = createFakeClock();
    const { provider, end } = lateStore(clock);
    const ids = await end(50, 0);
    clock.advance(2 * lateMs);
    const from = createEndReader(provider, { from: { time: 0 }, lateMs, limit: 7 });
    const ends = await readAll(from);
    expect(idsOf(ends)).toEqual(ids);
    for (const [index, { position }] of ends.entries()) {
      const rest = await readAll(createEndReader(provider, { from: positionOf(cursorOf(position)), lateMs, limit: 7 }));
      expect(idsOf(rest)).toEqual(ids.slice(index + 1));
    }
  });

  it("begins again with the time of a cursor whose job is not there any more", async () => {
    const clock = createFakeClock();
    const { provider, end } = lateStore(clock);
    const ids = await end(3, 0);
    clock.advance(2 * lateMs);
    const from = { time: clock.now() - 2 * lateMs, id: "pruned" };
    expect(idsOf(await readAll(createEndReader(provider, { from, lateMs })))).toEqual(ids);
  });

  it("reads a page again when the store did not answer", async () => {
    const clock = createFakeClock();
    const { provider, end } = lateStore(clock);
    const ids = await end(5, 0);
    let calls = 0;
    const flaky: Provider = {
      ...provider,
      finished: (request) => (++calls % 2 === 0 ? Promise.reject(new Error("away")) : provider.finished(request)),
    };
    const reader = createEndReader(flaky, { from: { time: 0 }, lateMs, limit: 2 });
    const heard: string[] = [];
    for (let tries = 0; tries < 6; tries++) {
      const { ends } = await reader.read().catch(() => ({ ends: [] }));
      heard.push(...idsOf(ends));
    }
    expect(heard).toEqual(ids);
  });
});
