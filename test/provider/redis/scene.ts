import { randomUUID } from "node:crypto";
import { createUuidV7 } from "../../../runtime/core/uuid.ts";
import type { ClaimedJob, ClaimRequest, NewJob, Provider } from "../../../runtime/contract/index.ts";
import type { RedisOptions, RedisProvider, RedisWarning } from "../../../runtime/providers/redis/index.ts";
import type { ListenerTimes } from "../../../runtime/providers/redis/listener.ts";
import { createRedisProvider } from "../../../runtime/providers/redis/provider.ts";

/** What tests of this provider have in common: started providers that are stopped again, and jobs. */
export interface Scene {
  readonly warnings: RedisWarning[];
  open(options: RedisOptions, times?: ListenerTimes): RedisProvider;
  started(options: RedisOptions, times?: ListenerTimes): Promise<RedisProvider>;
  end(): Promise<void>;
}

export function createScene(): Scene {
  const providers: RedisProvider[] = [];
  const warnings: RedisWarning[] = [];
  const scene: Scene = {
    warnings,
    open(options, times) {
      const onWarning = (warning: RedisWarning): void => void warnings.push(warning);
      const provider = createRedisProvider({ onWarning, ...options }, times);
      providers.push(provider);
      return provider;
    },
    async started(options, times) {
      const provider = scene.open(options, times);
      await provider.start();
      return provider;
    },
    async end() {
      await Promise.all(providers.splice(0).map((provider) => provider.stop()));
      warnings.length = 0;
    },
  };
  return scene;
}

const newId = createUuidV7();

export function jobOf(given: Partial<NewJob> = {}): NewJob {
  return { id: newId(), name: "mail", queue: "mail", version: 1, priority: 0, maxCrashes: 3, payload: "{}", ...given };
}

export function claimOf(given: Partial<ClaimRequest> & { readonly limit?: number } = {}): ClaimRequest {
  const { limit = 100, ...rest } = given;
  const lanes = [{ queue: "mail", limit, handles: [{ name: "mail", maxVersion: 1 }] }];
  return { claimId: randomUUID(), workerId: "w1", leaseMs: 30_000, lanes, ...rest };
}

export async function claimOne(provider: Provider): Promise<ClaimedJob> {
  const [job] = await provider.claim(claimOf({ limit: 1 }));
  if (!job) throw new Error("the claim returned no job");
  return job;
}

/** The same call until it succeeds, as workers make it: store errors that may pass are awaited. */
export async function untilDone<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Error && "retryable" in error && error.retryable === true)) throw error;
      await new Promise(setImmediate);
    }
  }
}

/** Asks once per turn of the event loop until the answer is true. */
export async function until(question: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await question())) await new Promise(setImmediate);
}
