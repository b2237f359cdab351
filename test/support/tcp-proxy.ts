import { connect, createServer, type Socket } from "node:net";

/** Stands between a client and a server on loopback, and does to their connections what networks do. */
export interface TcpProxy {
  readonly port: number;
  /** How many were made until now. */
  readonly connections: number;
  /** From now on: `pass` everything, `mute` the server's replies, or let nothing through in either direction. */
  mode: "pass" | "mute" | "hole";
  /** Mutes the connection that sends this text, from the reply to it on. Other connections go on. */
  muteReplyTo(text: string): void;
  /** Lets nothing through any more on the connections that there are. New ones work. */
  silence(): void;
  /** Ends all connections at once. */
  cut(): void;
  /** Resolves at the next time that something of the server was withheld. */
  withheld(): Promise<void>;
  close(): Promise<void>;
}

interface Pair {
  muted: boolean;
  silent: boolean;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let pairs: Pair[] = [];
  let waiting: (() => void)[] = [];
  let trigger: string | undefined;
  let connections = 0;

  function withhold(): void {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  }

  function relay(client: Socket, upstream: Socket): void {
    const pair: Pair = { muted: false, silent: false };
    pairs.push(pair);
    client.on("data", (data) => {
      if (trigger !== undefined && data.includes(trigger)) {
        trigger = undefined;
        pair.muted = true;
      }
      if (proxy.mode !== "hole" && !pair.silent) upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (proxy.mode === "pass" && !pair.silent && !pair.muted) client.write(data);
      else withhold();
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        // Into a black hole nobody's goodbye gets through either.
        if (proxy.mode !== "hole" && !pair.silent) other.destroy();
      });
    }
  }

  const server = createServer((client) => {
    connections++;
    relay(client, connect(target, "127.0.0.1"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();

  const proxy: TcpProxy = {
    port: typeof address === "object" && address ? address.port : 0,
    get connections() {
      return connections;
    },
    mode: "pass",
    muteReplyTo(text) {
      trigger = text;
    },
    silence() {
      for (const pair of pairs) pair.silent = true;
      pairs = [];
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    withheld: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      proxy.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
