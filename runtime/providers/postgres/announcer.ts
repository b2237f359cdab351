/**
 * Sends hints to other processes: in statements of their own, because NOTIFY in an insert makes all commits wait for each
 * other; at most one at a time, each hint once however often it was given meanwhile, and with a pause in between.
 */
export interface Announcer {
  announce(texts: Iterable<string>): void;
  /** Sends what is left. */
  close(): Promise<void>;
}

/** Between two statements, in ms. The first hint after a quiet time goes at once. */
const pauseMs = 10;
/** Beyond this many, hints are dropped: polling finds what they would have told. */
const maxPending = 1_000;

export function createAnnouncer(send: (texts: readonly string[]) => Promise<void>): Announcer {
  const pending = new Set<string>();
  let sending: Promise<void> | undefined;

  async function run(): Promise<void> {
    // All hints of one turn of the event loop go together.
    await new Promise(setImmediate);
    while (pending.size > 0) {
      const texts = [...pending];
      pending.clear();
      // A hint that is lost is no harm, so a failure is none.
      await send(texts).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    sending = undefined;
  }

  return {
    announce(texts) {
      for (const text of texts) if (pending.size < maxPending) pending.add(text);
      if (pending.size > 0) sending ??= run();
    },
    async close() {
      await sending;
    },
  };
}
