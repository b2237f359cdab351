import { parentPort, workerData } from "node:worker_threads";
import type { HeldLease, LeaseExtender } from "../contract/index.ts";

/**
 * The heartbeat of one worker, in a thread of its own: it keeps leases alive while a handler keeps the CPU busy, and stops
 * doing so when the main thread has shown no pulse for too long.
 */
export interface HeartbeatData {
  readonly module: string;
  readonly data: unknown;
  readonly workerId: string;
  readonly leaseMs: number;
  readonly everyMs: number;
  readonly stallLimitMs: number;
  /** One Int32: seconds since the epoch of the main thread's last pulse. */
  readonly pulse: SharedArrayBuffer;
  /** One BigInt64: when the last heartbeat that got through was sent, in ns of `process.hrtime`. */
  readonly confirmed: SharedArrayBuffer;
}

export type HeartbeatMessage =
  | { readonly kind: "extended"; readonly leases: readonly HeldLease[] }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "stalled" };

const { module, data, workerId, leaseMs, everyMs, stallLimitMs, pulse, confirmed } = workerData as HeartbeatData; // from lease-keeper.ts
const pulses = new Int32Array(pulse);
const confirmations = new BigInt64Array(confirmed);
const { openLeaseExtender } = (await import(module)) as { openLeaseExtender(data: unknown): LeaseExtender }; // LeaseThread's word
let extender: LeaseExtender | undefined;

async function beat(): Promise<HeartbeatMessage> {
  if (Date.now() - Atomics.load(pulses, 0) * 1_000 > stallLimitMs) return { kind: "stalled" };
  try {
    extender ??= openLeaseExtender(data);
    const sentAt = process.hrtime.bigint();
    const leases = await extender.extend({ workerId, leaseMs });
    Atomics.store(confirmations, 0, sentAt);
    return { kind: "extended", leases };
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

let busy = false;
function round(): void {
  if (busy) return;
  busy = true;
  void beat().then((message) => {
    busy = false;
    parentPort?.postMessage(message);
  });
}

const timer = setInterval(round, everyMs);
// The first one at once: the worker waits for it before it claims.
round();

parentPort?.on("message", () => {
  clearInterval(timer);
  void Promise.resolve(extender?.close()).finally(() => parentPort?.close());
});
