/** Calls `action` at once, and again after `everyMs` if it was asked for meanwhile. */
export interface Throttled {
  (): void;
  cancel(): void;
}

export function throttle(action: () => void, everyMs: number): Throttled {
  let timer: NodeJS.Timeout | undefined;
  let again = false;

  function call(): void {
    if (timer) {
      again = true;
      return;
    }
    timer = setTimeout(() => {
      timer = undefined;
      if (!again) return;
      again = false;
      call();
    }, everyMs).unref();
    action();
  }

  return Object.assign(call, {
    cancel(): void {
      clearTimeout(timer);
      timer = undefined;
      again = false;
    },
  });
}
