/** Who wants to hear that jobs became ready, by queue; and who waits for a job to be settled, by id. */
export interface WakeUps {
  subscribe(queues: readonly string[], wake: () => void): () => void;
  /** Wakes the listeners of these queues, or of all. */
  wake(queues?: Iterable<string>): void;
}

export function createWakeUps(): WakeUps {
  const subscriptions = new Set<{ readonly queues: ReadonlySet<string>; readonly wake: () => void }>();
  return {
    subscribe(queues, wake) {
      const subscription = { queues: new Set(queues), wake };
      subscriptions.add(subscription);
      return () => void subscriptions.delete(subscription);
    },
    wake(queues) {
      if (subscriptions.size === 0) return;
      const woken = queues && [...queues];
      for (const subscription of subscriptions) {
        if (!woken || woken.some((queue) => subscription.queues.has(queue))) subscription.wake();
      }
    },
  };
}
