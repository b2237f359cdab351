import type { Client, PoolConfig } from "pg";
import { loadDriver } from "./driver.ts";
import { quoteName, quoteText } from "./statements.ts";

/**
 * Hears NOTIFY on a connection of its own, and builds a new one whenever the old one fails, falls silent, or is no longer
 * heard by itself: a connection can be dead without anybody saying so, and a pooler in between can swallow LISTEN.
 */
export interface Listener {
  start(): void;
  close(): Promise<void>;
  readonly connected: boolean;
}

export interface ListenerOptions {
  readonly config: PoolConfig;
  readonly channel: string;
  /** A message that only this listener sends: it must come back. */
  readonly probe: string;
  readonly heard: (text: string) => void;
  /** After each new connection: hints may have been lost before. */
  readonly connected: () => void;
  readonly timing?: Partial<ListenerTiming>;
}

export interface ListenerTiming {
  /** Between two probes, in ms. */
  readonly probeEveryMs: number;
  /** How long a probe may take to come back, in ms. */
  readonly probeLimitMs: number;
  /** First and longest wait before a new connection, in ms. */
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
}

const standard: ListenerTiming = { probeEveryMs: 10_000, probeLimitMs: 5_000, firstRetryMs: 100, maxRetryMs: 5_000 };

export function createListener(options: ListenerOptions): Listener {
  const { config, channel, probe, heard } = options;
  const timing = { ...standard, ...options.timing };
  const listen = `listen ${quoteName(channel)}`;
  const sendProbe = `select pg_notify(${quoteText(channel)}, ${quoteText(probe)})`;
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let retryMs = timing.firstRetryMs;
  let state: "idle" | "running" | "closed" = "idle";
  let probeReturned: () => void = () => undefined;

  function later(action: () => void, ms: number): void {
    clearTimeout(timer);
    // The worker that listens keeps the process alive, not this connection.
    timer = setTimeout(action, ms).unref();
  }

  function discard(): void {
    const old = client;
    client = undefined;
    // A dead connection never says goodbye: its socket is destroyed, and nobody waits.
    if (old) destroy(old);
  }

  function fail(failed: Client): void {
    if (client !== failed || state !== "running") return;
    discard();
    later(() => void connect(), retryMs * (0.5 + Math.random() / 2));
    retryMs = Math.min(timing.maxRetryMs, retryMs * 2);
  }

  async function connect(): Promise<void> {
    const { Client } = loadDriver();
    const { connectionTimeoutMillis } = config;
    const fresh = new Client({
      ...config,
      query_timeout: timing.probeLimitMs,
      // Zero is for ever: who is never answered would never listen again.
      connectionTimeoutMillis: connectionTimeoutMillis || timing.probeLimitMs,
    });
    client = fresh;
    fresh.on("error", () => fail(fresh));
    fresh.on("end", () => fail(fresh));
    fresh.on("notification", ({ payload = "" }) => {
      if (payload === probe) probeReturned();
      else heard(payload);
    });
    try {
      await fresh.connect();
      insidesOf(fresh).unref?.();
      await fresh.query(listen);
      if (client !== fresh) return;
      retryMs = timing.firstRetryMs;
      options.connected();
      later(() => void check(fresh), timing.probeEveryMs);
    } catch {
      fail(fresh);
    }
  }

  async function check(checked: Client): Promise<void> {
    let limit: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        probeReturned = resolve;
        limit = setTimeout(() => reject(new Error("the probe did not come back")), timing.probeLimitMs).unref();
        checked.query(sendProbe).catch(reject);
      });
      if (client === checked) later(() => void check(checked), timing.probeEveryMs);
    } catch {
      fail(checked);
    } finally {
      clearTimeout(limit);
    }
  }

  return {
    start() {
      if (state !== "idle") return;
      state = "running";
      void connect();
    },
    async close() {
      state = "closed";
      clearTimeout(timer);
      discard();
    },
    get connected() {
      return client !== undefined;
    },
  };
}

/** Not part of the types: how not to keep the process alive, and the only way to leave a black-holed connection. */
interface Insides {
  unref?(): void;
  readonly connection?: { readonly stream?: { destroy(): void } };
}

function insidesOf(client: Client): Insides {
  return client;
}

function destroy(client: Client): void {
  insidesOf(client).connection?.stream?.destroy();
}
