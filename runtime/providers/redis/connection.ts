import type { Clock } from "../../contract/index.ts";
import { type Client, isCluster, placeOf } from "./client.ts";
import { untilReady } from "./readiness.ts";
import type { Int } from "./record.ts";
import type { Script } from "./scripts/script.ts";
import { storeError, unreachable } from "./store-error.ts";

/** What a script replied: the count of mutating calls, the id of the history, and the result. */
export interface Reply {
  readonly op: number;
  readonly born: string;
  readonly result: unknown;
}

/** Runs scripts over one client. Every call ends within the time limit, whatever becomes of the connection. */
export interface Connection {
  readonly client: Client;
  /** Host and port, for messages. */
  readonly place: string;
  /** Distinguishes this provider's messages from others'. */
  readonly origin: string;
  run(script: Script, args: readonly (string | number)[]): Promise<Reply>;
  /** A script without the common header. */
  runBare(script: Script, args: readonly (string | number)[]): Promise<unknown>;
  /** Any other call, under the same time limit. */
  within<T>(call: () => Promise<T>): Promise<T>;
}

export interface ConnectionSettings {
  readonly client: Client;
  /** Whether the client is ours, so that a silent connection may be cut. */
  readonly owned: boolean;
  readonly namespace: string;
  readonly origin: string;
  readonly timeoutMs: number;
  readonly clock: Clock | undefined;
}

type Evaluate = (text: string, keyCount: number, ...args: readonly (string | number)[]) => Promise<unknown>;
/** As the commands; texts in replies are bytes. */
type ByBytes = Readonly<Record<"evalshaBuffer" | "evalBuffer", Evaluate>>;

export function createConnection(settings: ConnectionSettings): Connection {
  const { client, owned, namespace, origin, timeoutMs, clock } = settings;
  const place = placeOf(client);
  // The second key is never there. While a cluster moves the slot, a node refuses calls of which it has some keys only:
  // without it a script would begin where the marker is, and fail in the middle at the first key that is gone.
  const keys = [2, `{${namespace}}:meta`, `{${namespace}}:none`] as const;

  async function within<T>(call: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await untilReady(client, place, timeoutMs);
      const limit = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          // No answer: the other end may be gone without a word. What is under way is sent again on a new connection.
          if (owned && !isCluster(client)) client.disconnect(true);
          reject(unreachable(place, timeoutMs));
        }, timeoutMs);
      });
      return await Promise.race([call(), limit]);
    } catch (error) {
      throw storeError(error, place);
    } finally {
      clearTimeout(timer);
    }
  }

  const byBytes = client as Client & ByBytes; // ioredis makes these for every command, and declares them for most

  function send(
    { bytes }: Script,
    command: "evalsha" | "eval",
    text: string,
    args: readonly (string | number)[],
  ): Promise<unknown> {
    return bytes ? byBytes[`${command}Buffer`](text, ...keys, ...args) : client[command](text, ...keys, ...args);
  }

  /** A server that lost the script, by SCRIPT FLUSH or because it is another one, gets its text. */
  async function evaluate(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await send(script, "evalsha", script.sha, args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return send(script, "eval", script.text, args);
    }
  }

  return {
    client,
    place,
    origin,
    within,
    runBare: (script, args) => within(() => evaluate(script, args)),
    async run(script, args) {
      const reply = await within(() => evaluate(script, [clock ? clock.now() : "", origin, ...args]));
      const [op, born, result] = reply as [Int, string | Buffer, unknown]; // the shape that `script.ts` gives every reply
      return { op: Number(op), born: String(born), result };
    },
  };
}
