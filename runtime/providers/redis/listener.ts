import { type Client, duplicateClient } from "./client.ts";
import type { Connection } from "./connection.ts";

/**
 * Hears over a connection of its own (pub/sub) that jobs became ready or final elsewhere. Messages can be lost; whoever
 * listens polls as well. A connection that lost its voice without an error is noticed and replaced: now and then a message
 * is sent to ourselves, over the command connection, and has to arrive.
 */
export interface Listener {
  start(): void;
  stop(): void;
}

export interface ListenerEvents {
  /** Jobs of this queue became ready; undefined: perhaps of any, because messages may have been missed. */
  readonly ready: (queue: string | undefined) => void;
  readonly settled: () => void;
}

export interface ListenerTimes {
  /** How often the connection is probed, in ms. Default 10,000. */
  readonly probeEveryMs?: number;
  /** How long a probe may take until the connection is replaced, in ms. Default 5,000. */
  readonly probeLimitMs?: number;
}

export function createListener(
  connection: Connection,
  namespace: string,
  { ready, settled }: ListenerEvents,
  { probeEveryMs = 10_000, probeLimitMs = 5_000 }: ListenerTimes = {},
): Listener {
  const channels = { ready: `{${namespace}}:ready`, settled: `{${namespace}}:settled` };
  const own = `{${namespace}}:probe:${connection.origin}`;
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let limit: NodeJS.Timeout | undefined;

  function hear(channel: string, message: string): void {
    if (channel === own) {
      clearTimeout(limit);
      limit = undefined;
      return;
    }
    if (message.startsWith(connection.origin)) return;
    if (channel === channels.ready) ready(message.slice(connection.origin.length));
    else settled();
  }

  function connect(): void {
    const subscriber = duplicateClient(connection.client);
    client = subscriber;
    subscriber.on("message", hear);
    subscriber.on("ready", () => void subscribe(subscriber));
    subscriber.connect().catch(() => {}); // It goes on trying, and the probe watches.
  }

  async function subscribe(subscriber: Client): Promise<void> {
    try {
      await subscriber.subscribe(channels.ready, channels.settled, own);
    } catch {
      return; // The connection broke again, or the probe will find that nothing is heard.
    }
    if (client !== subscriber) return;
    // What was said before this moment was not heard.
    ready(undefined);
    settled();
  }

  function disconnect(): void {
    clearTimeout(limit);
    limit = undefined;
    client?.removeAllListeners("message");
    client?.removeAllListeners("ready");
    client?.disconnect();
    client = undefined;
  }

  function replace(): void {
    disconnect();
    connect();
  }

  function probe(): void {
    if (limit) return;
    connection
      .within(() => connection.client.publish(own, ""))
      .then(() => {
        if (client) limit ??= setTimeout(replace, probeLimitMs).unref();
      })
      .catch(() => {}); // The command connection is down: nothing can be said about this one.
  }

  return {
    start() {
      if (timer) return;
      connect();
      // Whoever listens keeps the process alive, not this timer.
      timer = setInterval(probe, probeEveryMs).unref();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
      disconnect();
    },
  };
}
