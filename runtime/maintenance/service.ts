/** What every maintenance service is: made, started, ticked, stopped. Tests call `tick()` instead of waiting. */
export interface Service {
  start(): void;
  /** One round; returns after how many ms to come again. Rejects if the store refuses. */
  tick(): Promise<number>;
  stop(): Promise<void>;
}

export interface ServiceOptions {
  readonly tick: () => Promise<number>;
  /** After a tick that failed. */
  readonly retryMs: number;
  readonly failed: (error: unknown) => void;
}

export function createService({ tick, retryMs, failed }: ServiceOptions): Service {
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> | undefined;
  let stopped = false;

  async function round(): Promise<void> {
    const nextMs = await tick().catch((error: unknown) => {
      failed(error);
      return retryMs;
    });
    if (!stopped) timer = setTimeout(begin, nextMs);
  }

  function begin(): void {
    current = round();
  }

  return {
    tick,
    start() {
      current ??= round();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
      clearTimeout(timer);
    },
  };
}

/** ±20 %, so that the processes of an application do not come in step. */
export function jittered(ms: number, random: () => number = Math.random): number {
  return ms * (0.8 + 0.4 * random());
}
