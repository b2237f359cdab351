import type { Service } from "../maintenance/service.ts";
import type { Claimer } from "./claimer.ts";
import type { Executor } from "./executor.ts";
import type { Lanes } from "./lanes.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { Settings } from "./options.ts";
import { leaseOf } from "./rejection.ts";
import type { Settler } from "./settler.ts";

export interface Parts {
  readonly settings: Settings;
  readonly claimer: Claimer;
  readonly executor: Executor;
  readonly lanes: Lanes;
  readonly settler: Settler;
  readonly keeper: LeaseKeeper;
  readonly services: readonly Service[];
}

/** With the default grace and abort grace, and the heartbeat thread's end, `stop()` stays under the 30 s of Kubernetes. */
const flushLimitMs = 1_000;

/**
 * The order matters: stop claiming → wait → abort → give back → flush, with heartbeats going on until the last settlement
 * is confirmed, so that no lease expires while it is being ended.
 */
export async function shutDown({
  settings,
  claimer,
  executor,
  lanes,
  settler,
  keeper,
  services,
}: Parts): Promise<void> {
  const abortAt = performance.now() + settings.graceMs;
  await Promise.all([...services.map((service) => service.stop()), claimer.stop()]);
  for (const job of lanes.takeWaiting()) settler.nack({ ...leaseOf({ job }), outcome: "release" });
  if (!(await within(lanes.settledDown(), Math.max(0, abortAt - performance.now())))) {
    for (const entry of executor.running.values()) entry.abort("shutdown");
    await within(lanes.settledDown(), settings.abortGraceMs);
  }
  // What these handlers still do is their own affair: their leases end here, and later settlements are refused.
  for (const { job } of executor.running.values()) settler.nack({ ...leaseOf({ job }), outcome: "release" });
  await within(settler.flush(performance.now() + flushLimitMs), flushLimitMs);
  await keeper.stop();
}

/** Whether it was done in time. */
async function within(done: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const result = await Promise.race([done.then(() => true), late]);
  clearTimeout(timer);
  return result;
}
