import { Worker as Thread } from "node:worker_threads";
import type { HeldLease, Provider } from "../contract/index.ts";
import type { HeartbeatData, HeartbeatMessage } from "./heartbeat-thread.ts";
import type { RunningJob } from "./running-job.ts";
import type { Logger } from "./types.ts";

/** Keeps this worker's leases alive with one heartbeat for all of them, and compares them with what runs here. */
export interface LeaseKeeper {
  /** Resolves when heartbeats go out, so that no lease begins before something can keep it. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** One heartbeat from the main thread. */
  tick(): Promise<void>;
}

export interface LeaseKeeperOptions {
  readonly provider: Provider;
  readonly workerId: string;
  readonly leaseMs: number;
  readonly stallLimitMs: number;
  readonly mode: "thread" | "main";
  readonly running: ReadonlyMap<string, RunningJob>;
  /** Claimed here and not settled yet, running or not. */
  readonly holds: (id: string) => boolean;
  /** Gives back a lease that the store counts as ours and nobody here knows. */
  readonly release: (lease: HeldLease) => void;
  readonly logger: Logger;
}

const pulseEveryMs = 1_000;
/** The share of a lease after which one without a heartbeat is no longer trusted. */
const trustedShare = 0.8;
const nsPerMs = 1_000_000;
const closeLimitMs = 500;
/** One small query every few seconds; the default would let the thread's garbage grow to 10 MB more. */
const threadYoungMb = 2;
/** A thread that takes longer to load its driver is not waited for: the main thread keeps the leases meanwhile. */
const threadLimitMs = 5_000;

export function createLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  const { provider, workerId, leaseMs, running, logger } = options;
  const everyMs = Math.max(10, Math.floor(leaseMs / 3));
  const pulse = new Int32Array(new SharedArrayBuffer(4));
  /** Written by whoever sends heartbeats; a thread's is seen at once, however long this thread was busy. */
  const confirmed = new BigInt64Array(new SharedArrayBuffer(8));
  const clockOffsetMs = Number(process.hrtime.bigint()) / nsPerMs - performance.now();
  let timers: NodeJS.Timeout[] = [];
  let thread: Thread | undefined;
  let stopping = false;
  let spoken: (() => void) | undefined;
  let orphans = new Set<string>();

  function reconcile(leases: readonly HeldLease[], askedAt: number): void {
    const fences = new Map(leases.map((lease) => [lease.id, lease]));
    for (const entry of running.values()) {
      const lease = fences.get(entry.job.id);
      if (lease?.fence === entry.job.fence) {
        if (lease.cancelRequested) entry.abort("cancelled");
      } else if (entry.claimedAt < askedAt && lease !== undefined) {
        lose(entry);
      } else if (entry.claimedAt < askedAt) {
        void confirmLost(entry);
      }
    }
    releaseOrphans(leases);
  }

  /** Said, because an attempt that was at risk before has no other sign of it: its signal is aborted already. */
  function lose(entry: RunningJob): void {
    if (!entry.abort("lease-lost")) return;
    const { id, name } = entry.job;
    logger.warn(
      { job: name, jobId: id, code: "JW_LEASE_LOST" },
      "a newer claim holds the job; its attempt is discarded",
    );
  }

  /** Not in the list: reaped, or re-claimed by another worker. Only the latter ends the attempt. */
  async function confirmLost(entry: RunningJob): Promise<void> {
    const job = await provider.get(entry.job.id).catch(() => undefined);
    if (!running.has(entry.job.id)) return;
    if (job && job.fence !== entry.job.fence) lose(entry);
    else if (job?.state === "cancelled") entry.abort("cancelled");
  }

  /** Twice in a row, so that a claim whose reply is still on its way is not taken for lost. */
  function releaseOrphans(leases: readonly HeldLease[]): void {
    const unknown = leases.filter((lease) => !options.holds(lease.id));
    for (const lease of unknown) if (orphans.has(`${lease.id}:${lease.fence}`)) options.release(lease);
    orphans = new Set(unknown.map((lease) => `${lease.id}:${lease.fence}`));
  }

  /** Others may take what no heartbeat has kept: better to stop than to do the work beside them. */
  function checkTrust(): void {
    const confirmedAt = Number(Atomics.load(confirmed, 0)) / nsPerMs - clockOffsetMs;
    const trustedFrom = performance.now() - leaseMs * trustedShare;
    if (confirmedAt > trustedFrom) return;
    for (const entry of running.values()) if (entry.claimedAt < trustedFrom) entry.abort("lease-at-risk");
  }

  async function tick(): Promise<void> {
    const askedAt = performance.now();
    const sentAt = process.hrtime.bigint();
    try {
      const leases = await provider.extend({ workerId, leaseMs });
      Atomics.store(confirmed, 0, sentAt);
      reconcile(leases, askedAt);
    } catch (error) {
      logger.warn({ err: error }, "heartbeat failed; trying again at the next one");
    }
  }

  function startThread(data: HeartbeatData): void {
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    thread = new Thread(new URL(`./heartbeat-thread.${extension}`, import.meta.url), {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: threadYoungMb },
    });
    thread.unref();
    // A thread takes a while to load its driver; until it speaks, the main thread's own heartbeats keep the leases.
    const meanwhile = setInterval(() => void tick(), everyMs).unref();
    timers.push(meanwhile);
    thread.once("message", () => {
      clearInterval(meanwhile);
      spoken?.();
    });
    thread.on("message", (message: HeartbeatMessage) => {
      // The reply waited in this thread's queue for unknown long: only what was claimed well before counts as asked for.
      if (message.kind === "extended") reconcile(message.leases, performance.now() - everyMs);
      else if (message.kind === "failed") logger.warn({ reason: message.message }, "heartbeat failed; trying again");
      else logger.error({}, "the main thread shows no pulse; its leases are left to expire");
    });
    thread.on("error", (error) => logger.error({ err: error }, "the heartbeat thread died; starting another"));
    thread.on("exit", () => {
      thread = undefined;
      clearInterval(meanwhile);
      if (stopping) return spoken?.();
      void tick();
      timers.push(setTimeout(() => startThread(data), pulseEveryMs).unref());
    });
  }

  function showPulse(): void {
    Atomics.store(pulse, 0, Math.floor(Date.now() / 1_000));
  }

  return {
    tick,
    async start() {
      const { leaseThread } = provider;
      timers.push(setInterval(checkTrust, everyMs / 2).unref());
      if (options.mode === "main" || !leaseThread) {
        timers.push(setInterval(() => void tick(), everyMs).unref());
        return;
      }
      showPulse();
      timers.push(setInterval(showPulse, pulseEveryMs).unref());
      const { stallLimitMs } = options;
      const speaks = new Promise<void>((resolve) => {
        spoken = resolve;
      });
      startThread({
        ...leaseThread,
        workerId,
        leaseMs,
        everyMs,
        stallLimitMs,
        pulse: pulse.buffer,
        confirmed: confirmed.buffer,
      });
      const limit = setTimeout(() => spoken?.(), threadLimitMs);
      await speaks;
      clearTimeout(limit);
    },
    async stop() {
      stopping = true;
      for (const timer of timers) clearTimeout(timer);
      timers = [];
      const ending = thread;
      if (!ending) return;
      const ended = new Promise((resolve) => ending.once("exit", resolve));
      ending.postMessage("close");
      const limit = setTimeout(() => void ending.terminate(), closeLimitMs);
      await ended;
      clearTimeout(limit);
    },
  };
}
