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
  "duplicates overwrite": (provider, store) => ({
    async enqueue(jobs) {
      for (const { id } of jobs) store.rows.delete(id);
      return await provider.enqueue(jobs);
    },
  }),
};

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
