import type { FinalState, Provider } from "../contract/index.ts";
import { createService, jittered, type Service } from "./service.ts";

export interface MaintenanceOptions {
  readonly provider: Provider;
  readonly retentionMs: Readonly<Partial<Record<FinalState, number>>>;
  /** A third of the lease is soon enough: recovery takes at most a lease and one round. */
  readonly reapEveryMs: number;
  readonly failed: (error: unknown) => void;
}

/** Jobs per call; each call is one short transaction, so that workers get in between. */
const batch = 500;
const pruneBatch = 1_000;
const promoteEveryMs = 200;
const pruneEveryMs = 30_000;
const retryMs = 1_000;

/** Scheduled and due → ready. Looks often, because a look without due jobs is a read of one index entry. */
function createPromoter({ provider, failed }: MaintenanceOptions): Service {
  return createService({
    retryMs,
    failed,
    async tick() {
      const { promoted } = await provider.promote(batch);
      return promoted === batch ? 0 : promoteEveryMs;
    },
  });
}

/** Expired lease → ready, or dead. */
function createReaper({ provider, reapEveryMs, failed }: MaintenanceOptions): Service {
  return createService({
    retryMs,
    failed,
    async tick() {
      const { readied, ended } = await provider.reap(batch);
      return readied + ended === batch ? 0 : jittered(reapEveryMs);
    },
  });
}

/** Final and past retention → gone. */
function createPruner({ provider, retentionMs, failed }: MaintenanceOptions): Service {
  return createService({
    retryMs,
    failed,
    async tick() {
      const pruned = await provider.prune({ retentionMs, limit: pruneBatch });
      return pruned === pruneBatch ? 50 : jittered(pruneEveryMs);
    },
  });
}

/** Any number of processes may run these; nobody has to lead. */
export function createMaintenance(options: MaintenanceOptions): Service[] {
  return [createPromoter(options), createReaper(options), createPruner(options)];
}
