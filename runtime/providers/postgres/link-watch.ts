import { clientOf, type PostgresTransaction } from "./transaction.ts";

/**
 * Destroys the connection of a transaction when the server says nothing for too long, so that whoever waits for an answer
 * gets an error. A connection of the application may have no time limits of its own.
 */
export interface LinkWatch {
  /** From now on the server may be silent for so long, in ms. */
  allow(silenceMs: number): void;
  end(): void;
}

export function watchLink(tx: PostgresTransaction, silenceMs: number): LinkWatch {
  const connection = clientOf(tx)?.connection;
  let allowedMs = silenceMs;
  let timer: NodeJS.Timeout | undefined;

  function restart(): void {
    clearTimeout(timer);
    // Timers take at most 2³¹ − 1 ms.
    timer = setTimeout(() => connection?.stream.destroy(), Math.min(allowedMs, 2 ** 31 - 1));
    timer.unref();
  }

  connection?.on("readyForQuery", restart);
  restart();
  return {
    allow(ms) {
      allowedMs = ms;
      restart();
    },
    end() {
      clearTimeout(timer);
      connection?.off("readyForQuery", restart);
    },
  };
}
