import type { PoolConfig } from "pg";
import { createWakeUps } from "../../core/wake-up.ts";
import { createAnnouncer } from "./announcer.ts";
import { createListener, type ListenerTiming } from "./listener.ts";
import { channelOf, createSender, type Message, readMessage, writeMessage } from "./message.ts";

/** Who should look at the store now: listeners in this process directly, those of others by NOTIFY. */
export interface Hints {
  subscribe(queues: readonly string[], wake: () => void): () => void;
  ready(queues: Iterable<string>): void;
  /** Somebody in this process waits for a job: whoever settles it is asked to say so. */
  await(id: string): void;
  /** Somebody in this process wants to hear of all ends, until the function that this returns is called. */
  awaitAll(): () => void;
  /** Jobs were settled here; others hear of it if they asked. */
  settled(ids: Iterable<string>): void;
  close(): Promise<void>;
}

export interface HintOptions {
  readonly schema: string;
  /** How to connect for LISTEN; undefined if that cannot work here. */
  readonly config: PoolConfig | undefined;
  readonly notify: (channel: string, texts: readonly string[]) => Promise<void>;
  /** An awaited job may be final. */
  readonly look: () => void;
  readonly timing?: Partial<ListenerTiming>;
}

/** Those who want to hear of all ends say so again this often, so that workers which come later hear of it as well. */
const askEveryMs = 10_000;
/** How long after that a settlement is told. */
const askedMs = 2.5 * askEveryMs;

/** Whoever waits longer than this, or behind so many others, is left to its own poll. */
const awaitedMs = 10 * 60_000;
const maxAwaited = 10_000;

export function createHints({ schema, config, notify, look, timing }: HintOptions): Hints {
  const sender = createSender();
  const channel = channelOf(schema);
  const wakeUps = createWakeUps();
  const announcer = createAnnouncer((texts) => notify(channel, texts));
  /** Ids that other processes wait for, and until when they are remembered. */
  const awaited = new Map<string, number>();
  /** Until when others want to hear of all ends. */
  let askedUntil = 0;
  let asking = 0;
  let timer: NodeJS.Timeout | undefined;
  const listener =
    config &&
    createListener({
      config,
      channel,
      probe: writeMessage(sender, { kind: "probe", body: "" }) ?? "",
      heard,
      connected() {
        if (asking > 0) ask();
        wakeUps.wake();
        look();
      },
      ...(timing && { timing }),
    });

  function heard(text: string): void {
    const message = readMessage(text);
    // This process was told directly.
    if (!message || message.sender === sender) return;
    if (message.kind === "ready") wakeUps.wake([message.body]);
    if (message.kind === "settled") look();
    if (message.kind !== "awaited") return;
    if (message.body === "") askedUntil = Date.now() + askedMs;
    else if (awaited.size < maxAwaited) awaited.set(message.body, Date.now() + awaitedMs);
  }

  function tell(messages: Iterable<Message>): void {
    const texts: string[] = [];
    for (const message of messages) {
      const text = writeMessage(sender, message);
      if (text !== undefined) texts.push(text);
    }
    announcer.announce(texts);
  }

  function ask(): void {
    tell([{ kind: "awaited", body: "" }]);
  }

  function forgetOld(): void {
    const now = Date.now();
    for (const [id, until] of awaited) {
      // In the order in which they were asked for.
      if (until > now) return;
      awaited.delete(id);
    }
  }

  return {
    subscribe(queues, wake) {
      listener?.start();
      return wakeUps.subscribe(queues, wake);
    },
    ready(queues) {
      const names = [...new Set(queues)];
      if (names.length === 0) return;
      wakeUps.wake(names);
      tell(names.map((body) => ({ kind: "ready", body })));
    },
    await(id) {
      if (!listener) return;
      listener.start();
      tell([{ kind: "awaited", body: id }]);
    },
    awaitAll() {
      if (!listener) return () => undefined;
      listener.start();
      if (asking++ === 0) {
        ask();
        // Whoever listens is no work that a process has to stay for.
        timer = setInterval(ask, askEveryMs).unref();
      }
      let over = false;
      return () => {
        if (!over && --asking === 0) clearInterval(timer);
        over = true;
      };
    },
    settled(ids) {
      look();
      if (askedUntil > Date.now()) tell([{ kind: "settled", body: "" }]);
      if (awaited.size === 0) return;
      forgetOld();
      tell([...ids].filter((id) => awaited.delete(id)).map((body) => ({ kind: "settled", body })));
    },
    async close() {
      clearInterval(timer);
      await announcer.close();
      await listener?.close();
    },
  };
}
