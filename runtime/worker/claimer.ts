import { type ClaimedJob, type ClaimLane, type ClaimRequest, isRetryable, type Provider } from "../contract/index.ts";
import type { Logger } from "./types.ts";

/**
 * One loop per worker that keeps its slots full: it asks for as many jobs of each queue as there is room, in one call,
 * and then waits for room, for a hint or for the poll.
 */
export interface Claimer {
  start(): void;
  /** A hint that there may be jobs or room. */
  wake(): void;
  /** Ends the loop; a claim under way is waited for and its jobs are handed over as usual. */
  stop(): Promise<void>;
  /** Whether the last claim found nothing in any queue with room. */
  readonly idle: boolean;
}

export interface ClaimerOptions {
  readonly provider: Provider;
  readonly workerId: string;
  readonly leaseMs: number;
  readonly pollMs: number;
  /** The lanes with room at this moment. */
  readonly lanes: () => readonly ClaimLane[];
  readonly dispatch: (jobs: readonly ClaimedJob[]) => void;
  /** Called when a claim came back empty. */
  readonly drained: () => void;
  readonly logger: Logger;
}

const firstRetryMs = 50;
const maxRetryMs = 5_000;

export function createClaimer(options: ClaimerOptions): Claimer {
  const { provider, workerId, leaseMs, pollMs, lanes, dispatch, drained, logger } = options;
  let stopping = false;
  let loop: Promise<void> | undefined;
  let idle = false;
  let hinted = false;
  let wakeUp: (() => void) | undefined;
  let claims = 0;

  function wake(): void {
    hinted = true;
    wakeUp?.();
  }

  async function pause(ms: number): Promise<void> {
    if (hinted || stopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    wakeUp = undefined;
  }

  async function run(): Promise<void> {
    while (!stopping) {
      hinted = false;
      const room = lanes();
      if (room.length === 0) {
        await pause(pollMs);
        continue;
      }
      const jobs = await claim({ claimId: (++claims).toString(36), workerId, leaseMs, lanes: room });
      idle = jobs.length === 0;
      if (jobs.length > 0) {
        dispatch(jobs);
        continue;
      }
      // A hint that came while the store was asked may be of a job that this answer does not know yet.
      if (hinted) continue;
      drained();
      await pause(pollMs);
    }
  }

  /** The same claim again until the store answers: a claim whose reply was lost returns its jobs, not others. */
  async function claim(request: ClaimRequest): Promise<readonly ClaimedJob[]> {
    for (let delayMs = firstRetryMs; ; delayMs = Math.min(maxRetryMs, delayMs * 2)) {
      try {
        return await provider.claim(request);
      } catch (error) {
        logger.error({ err: error }, "claim failed; the worker goes on trying");
        if (stopping) return [];
        const patience = isRetryable(error) ? delayMs : maxRetryMs;
        await pause(patience * (0.5 + Math.random()));
        hinted = false;
      }
    }
  }

  return {
    start() {
      loop ??= run();
    },
    wake,
    async stop() {
      stopping = true;
      wakeUp?.();
      await loop;
    },
    get idle() {
      return idle;
    },
  };
}
