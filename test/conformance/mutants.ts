import type { Clock, Lease, Provider } from "../../runtime/contract/index.ts";
import { createMemoryProvider, createMemoryStore, type MemoryStore } from "../../runtime/testing/index.ts";

/** Providers with one mistake each, of the kinds that real queues have shipped. */

export type Mutate = (provider: Provider, store: MemoryStore, clock: Clock) => Partial<Provider>;

const currentFence = (store: MemoryStore, id: string): number => store.rows.get(id)?.fence ?? 0;

/** Accepts leases for which `accepts` holds as if they carried the newest fence. */
function forgive<L extends Lease>(store: MemoryStore, accepts: (fence: number, current: number) => boolean) {
  return (lease: L): L => {
    const current = currentFence(store, lease.id);
    return accepts(lease.fence, current) ? { ...lease, fence: current } : lease;
  };
}

let claims = 0;

export const mutants: Readonly<Record<string, Mutate>> = {
  "no fence": (provider, store) => ({
    ack: (items) => provider.ack(items.map(forgive(store, () => true))),
    nack: (items) => provider.nack(items.map(forgive(store, () => true))),
    report: (items) => provider.report(items.map(forgive(store, () => true))),
  }),
  "ack by id": (provider, store) => ({ ack: (items) => provider.ack(items.map(forgive(store, () => true))) }),
  "fence not newer instead of equal": (provider, store) => ({
    ack: (items) => provider.ack(items.map(forgive(store, (fence, current) => fence <= current))),
  }),
  "progress without a fence": (provider, store) => ({
    report: (items) => provider.report(items.map(forgive(store, () => true))),
  }),
  "reap ignores extend": (provider, store) => ({
    async extend(request) {
      const before = new Map([...store.rows.values()].map((row) => [row.id, row.leaseUntil]));
      const held = await provider.extend(request);
      for (const row of store.rows.values()) row.leaseUntil = before.get(row.id) ?? row.leaseUntil;
      return held;
    },
  }),
  "early by 1 ms": (_provider, store, clock) => {
    const early = createMemoryProvider({ store, clock: { now: () => clock.now() + 1 } });
    return { promote: (limit) => early.promote(limit) };
  },
  "reap at the end of the lease": (_provider, store, clock) => {
    const early = createMemoryProvider({ store, clock: { now: () => clock.now() + 1 } });
    return { reap: (limit) => early.reap(limit) };
  },
  "cancel ignored for scheduled": (provider, store) => ({
    async cancel(ids) {
      const outcomes = await provider.cancel(ids.filter((id) => store.rows.get(id)?.state !== "scheduled"));
      const rest = [...outcomes];
      return ids.map((id) => (store.rows.get(id)?.state === "scheduled" ? "cancelled" : (rest.shift() ?? "notFound")));
    },
  }),
  "cancellation forgotten at ack": (provider, store) => ({
    ack(items) {
      for (const { id } of items) Object.assign(store.rows.get(id) ?? {}, { cancelRequested: false });
      return provider.ack(items);
    },
  }),
  "prune of live rows": (provider, store) => ({
    async prune(request) {
      const pruned = await provider.prune(request);
      const waiting = [...store.rows.values()].filter((row) => row.state === "ready");
      for (const row of waiting) store.rows.delete(row.id);
      return pruned + waiting.length;
    },
  }),
  "requeue resets the fence": (provider, store) => ({
    async requeue(ids, delaysMs) {
      const outcomes = await provider.requeue(ids, delaysMs);
      for (const [index, id] of ids.entries()) {
        if (outcomes[index] === "requeued") Object.assign(store.rows.get(id) ?? {}, { fence: 0 });
      }
      return outcomes;
    },
  }),
  "claim id ignored": (provider) => ({
    claim: (request) => provider.claim({ ...request, claimId: `${request.claimId}-${++claims}` }),
  }),
  "late ack refused": (provider, store, clock) => ({
    async ack(items) {
      const expired = (id: string): boolean => (store.rows.get(id)?.leaseUntil ?? 0) < clock.now();
      const settlements = await provider.ack(items.filter(({ id }) => !expired(id)));
      const rest = [...settlements];
      return items.map(({ id }) => (expired(id) ? "stale" : (rest.shift() ?? "stale")));
    },
  }),
  "a crash counts as an attempt": (provider, store) => ({
    async reap(limit) {
      const running = [...store.rows.values()].filter((row) => row.state === "running");
      const result = await provider.reap(limit);
      for (const row of running) if (row.state !== "running") row.attempt += 1;
      return result;
    },
  }),
  "newest first": (provider) => ({ claim: async (request) => (await provider.claim(request)).toReversed() }),
  "pause forgotten": () => ({ pause: async () => {} }),
  "pause of a definition forgotten": (provider) => ({
    pause: async (target) => ("queue" in target ? provider.pause(target) : undefined),
  }),
  "unique keys forgotten": (provider) => ({
    enqueue: (jobs) => provider.enqueue(jobs.map(({ unique: _unique, ...job }) => job)),
  }),
  "a running job holds no key": (provider, store) => ({
    enqueue(jobs) {
      for (const [key, id] of store.keys) if (store.rows.get(id)?.state === "running") store.keys.delete(key);
      return provider.enqueue(jobs);
    },
  }),
  "a window that never ends": (provider) => ({
    enqueue: (jobs) =>
      provider.enqueue(
        jobs.map(({ unique, ...job }) => (unique ? { ...job, unique: { ...unique, forMs: 1e12 } } : job)),
      ),
  }),
  "requeue beside the holder of its key": (provider, store) => ({
    requeue(ids, delaysMs) {
      const keys = new Map(store.keys);
      store.keys.clear();
      return provider.requeue(ids, delaysMs).finally(() => keys.forEach((id, key) => store.keys.set(key, id)));
    },
  }),
  "any prune frees the key": (provider, store) => ({
    async prune(request) {
      const pruned = await provider.prune(request);
      if (pruned > 0) store.keys.clear();
      return pruned;
    },
  }),
  "requeue at once": (provider) => ({ requeue: (ids) => provider.requeue(ids) }),
  "a changed priority is forgotten": (provider) => ({
    change: (changes) => provider.change(changes.map(({ priority: _priority, ...change }) => change)),
  }),
  "gates forgotten": (provider) => ({
    enqueue: (jobs) => provider.enqueue(jobs.map(({ gates: _gates, ...job }) => job)),
  }),
  "a place that is not given on": (provider) => ({
    ack: (items) => provider.ack(items.map(({ gated: _gated, ...item }) => item)),
  }),
  "a crash keeps its place": (provider, store) => ({
    async reap(limit) {
      const passed = new Map([...store.rows.values()].map((row) => [row.id, row.passed]));
      const result = await provider.reap(limit);
      for (const row of store.rows.values()) {
        if (row.state === "blocked" && passed.get(row.id) === row.gates.length) {
          row.state = "ready";
          row.passed = row.gates.length;
        }
      }
      return result;
    },
  }),
  "starts forgotten": (provider, store) => ({
    async claim(request) {
      const claimed = await provider.claim(request);
      store.starts.clear();
      return claimed;
    },
  }),
  "limits cannot be changed": () => ({ putLimits: async () => {} }),
  "the last step counts": (provider, store) => ({
    note(notes) {
      for (const { id, key } of notes) store.rows.get(id)?.notes.step.delete(key);
      return provider.note(notes);
    },
  }),
  "the first cursor counts": (provider) => ({
    note: (notes) => provider.note(notes.filter((note, n) => notes.findIndex(({ key }) => key === note.key) === n)),
  }),
  "notes without a fence": (provider, store) => ({
    note: (notes) => provider.note(notes.map(forgive(store, () => true))),
  }),
  "crashes leave no trace": (provider, store) => ({
    async reap(limit) {
      const result = await provider.reap(limit);
      for (const row of store.rows.values()) {
        for (const { fence, error } of row.attempts.values()) if (!error) row.attempts.delete(fence);
      }
      return result;
    },
  }),
  "a slot fires for everybody": (provider, store) => ({
    async fireSchedule(firing) {
      const schedule = store.schedules.get(firing.key);
      if (schedule) schedule.nextAt = firing.expectedAt;
      return await provider.fireSchedule(firing);
    },
  }),
  "a paused schedule fires": (provider, store) => ({
    async fireSchedule(firing) {
      const schedule = store.schedules.get(firing.key);
      if (schedule) schedule.pausedAt = undefined;
      return await provider.fireSchedule(firing);
    },
  }),
  "a schedule is found by how its key begins": (provider, store) => ({
    async schedule(key) {
      const found = [...store.schedules.keys()].find((known) => known.startsWith(key));
      return await provider.schedule(found ?? key);
    },
  }),
  "another spec keeps the old slot": (provider, store) => ({
    putSchedules(schedules) {
      return provider.putSchedules(
        schedules.map((schedule) => ({
          ...schedule,
          nextAt: store.schedules.get(schedule.key)?.nextAt ?? schedule.nextAt,
        })),
      );
    },
  }),
  "edges forgotten": (provider) => ({
    enqueue: (jobs) => provider.enqueue(jobs.map(({ needs: _needs, ...job }) => job)),
  }),
  "a counter that refused settlements lower as well": (provider, store) => ({
    async ack(items) {
      const answers = await provider.ack(items);
      for (const [index, { id }] of items.entries()) {
        if (answers[index] === "ok") continue;
        for (const row of store.rows.values()) {
          const edge = row.needs.find((need) => need.status === "open" && need.id !== id);
          if (edge && store.rows.get(id)?.neededBy.has(row.id)) edge.status = "met";
        }
      }
      return answers;
    },
  }),
  "an ack without a mark tells nobody": (provider, store) => ({
    ack: async (items) =>
      items.every(({ gated }) => gated) ? provider.ack(items) : untold(store, () => provider.ack(items)),
  }),
  "a cancellation tells nobody": (provider, store) => ({ cancel: (ids) => untold(store, () => provider.cancel(ids)) }),
  "a crash loop tells nobody": (provider, store) => ({ reap: (limit) => untold(store, () => provider.reap(limit)) }),
  "a completion tells nobody": (provider, store) => ({
    complete: (items) => untold(store, () => provider.complete(items)),
  }),
  "prune of what others need": (provider, store) => ({
    prune: (request) => untold(store, () => provider.prune(request)),
  }),
  "a closed batch takes more": (provider, store) => ({
    enqueue(jobs) {
      const isHeld = (id: string): boolean => store.rows.get(id)?.heldByNeeds === true;
      return provider.enqueue(
        jobs.map((job) => ({ ...job, neededBy: (job.neededBy ?? []).filter(({ id }) => isHeld(id)) })),
      );
    },
  }),
  "a delay counts from the enqueue": (provider, store) => ({
    async enqueue(jobs) {
      const results = await provider.enqueue(jobs);
      for (const row of store.rows.values()) Object.assign(row, { afterNeedsMs: 0 });
      return results;
    },
  }),
  "requeue believes old edges": (provider, store) => ({
    async requeue(ids, delaysMs) {
      for (const id of ids)
        for (const edge of store.rows.get(id)?.needs ?? []) Object.assign(edge, { when: "finished" });
      return await provider.requeue(ids, delaysMs);
    },
  }),
  "skipped for any reason": (provider, store) => ({
    async nack(items) {
      const answers = await provider.nack(items);
      for (const row of store.rows.values()) if (row.state === "skipped") row.reason = "prerequisite";
      return answers;
    },
  }),
  "ends in the order of enqueues": (provider) => ({
    async finished(request) {
      const page = await provider.finished({ ...request, limit: 1_000 });
      return { ...page, jobs: page.jobs.toSorted((a, b) => a.id.localeCompare(b.id)), cursor: undefined };
    },
  }),
  "duplicates overwrite": (provider, store) => ({
    async enqueue(jobs) {
      for (const { id } of jobs) store.rows.delete(id);
      return await provider.enqueue(jobs);
    },
  }),
};

/** Lets a call happen while the store has forgotten who needs whom. */
async function untold<T>(store: MemoryStore, call: () => Promise<T>): Promise<T> {
  const needed = new Map([...store.rows.values()].map((row) => [row, [...row.neededBy]]));
  for (const row of needed.keys()) row.neededBy.clear();
  const result = await call();
  for (const [row, ids] of needed) for (const id of ids) row.neededBy.add(id);
  return result;
}

/** A memory store whose providers all make the mistake. */
export function createMutantStore(mutate: Mutate, clock: Clock): { readonly open: () => Provider } {
  const store = createMemoryStore();
  return {
    open() {
      const provider = createMemoryProvider({ clock, store });
      return { ...provider, ...mutate(provider, store, clock) };
    },
  };
}
