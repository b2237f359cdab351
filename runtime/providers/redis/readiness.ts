import type { Client } from "./client.ts";
import { storeError, unreachable } from "./store-error.ts";

/**
 * Resolves when the client is connected. Calls that would only wait in its queue are not made: after an outage they would
 * all come at once, and late. Rejects after the time limit, or as soon as the server says that waiting does not help: a
 * client of ioredis tries a refused password for ever.
 */
export async function untilReady(client: Client, place: string, timeoutMs: number): Promise<void> {
  if (client.status === "ready") return;
  if (client.status === "end") throw new Error("Connection is closed.");
  await new Promise<void>((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      client.off("ready", readied);
      client.off("end", ended);
      client.off("error", failed);
      settle();
    };
    const readied = (): void => end(resolve);
    const ended = (): void => end(() => reject(new Error("Connection is closed.")));
    const failed = (error: unknown): void => {
      const meaning = storeError(error, place);
      if (!meaning.retryable) end(() => reject(meaning));
    };
    const timer = setTimeout(() => end(() => reject(unreachable(place, timeoutMs))), timeoutMs);
    client.on("ready", readied);
    client.on("end", ended);
    client.on("error", failed);
    // Its own promise says less than the events: what fails at first is tried again.
    if (client.status === "wait") client.connect().catch(() => {});
  });
}
