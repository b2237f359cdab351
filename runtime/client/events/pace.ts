import type { Provider } from "../../contract/index.ts";

/** When a reader of ends looks again: after a time, or soon after the store hinted that there are some. */
export interface Pace {
  /** Calls `look` once. Returns the way to leave it. `stay`: the process waits for it. */
  next(look: () => void, ms: number, options: { readonly stay: boolean }): () => void;
  close(): void;
}

/** From one look to one that a hint asks for, so that a busy store is not asked for every end of its own. */
const hintPauseMs = 100;

export function createPace(provider: Provider): Pace {
  let hinted = false;
  let hurry: (() => void) | undefined;
  const unsubscribe = provider.notifier?.subscribeEnds(() => {
    hinted = true;
    hurry?.();
  });

  return {
    next(look, ms, { stay }) {
      const startedAt = performance.now();
      let timer: NodeJS.Timeout | undefined;

      function leave(): void {
        clearTimeout(timer);
        hurry = undefined;
      }

      function arm(afterMs: number): void {
        clearTimeout(timer);
        timer = setTimeout(() => {
          leave();
          hinted = false;
          look();
        }, afterMs);
        if (!stay) timer.unref();
      }

      const soon = (): void => {
        hurry = undefined;
        arm(Math.max(0, Math.min(ms, hintPauseMs) - (performance.now() - startedAt)));
      };
      if (hinted) soon();
      else {
        hurry = soon;
        arm(ms);
      }
      return leave;
    },
    close: () => unsubscribe?.(),
  };
}
