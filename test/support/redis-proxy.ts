import { connect, createServer, type Socket } from "node:net";

/** Stands between a client and a server on loopback, and does to their connections what networks do. */
export interface RedisProxy {
  readonly port: number;
  /** From now on: `pass` everything, `mute` the server's replies, or let nothing through in either direction. */
  mode: "pass" | "mute" | "hole";
  /** Changes what the server says, keeping its length; default: nothing. */
  alter: ((text: string) => string) | undefined;
  /** Lets nothing through any more on the connections that there are. New ones work. */
  silence(): void;
  /** Ends all connections at once. */
  cut(): void;
  /** Resolves at the next time that something of the server was withheld. */
  withheld(): Promise<void>;
  close(): Promise<void>;
}

export async function startProxy(target: number): Promise<RedisProxy> {
  const sockets = new Set<Socket>();
  let pairs: { silent: boolean }[] = [];
  let waiting: (() => void)[] = [];

  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    const own = { silent: false };
    pairs.push(own);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        if (proxy.mode !== "hole" && !own.silent) (socket === client ? upstream : client).destroy();
      });
    }
    client.on("data", (data) => {
      if (proxy.mode !== "hole" && !own.silent) upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (proxy.mode === "pass" && !own.silent) {
        return void client.write(proxy.alter ? Buffer.from(proxy.alter(data.toString("latin1")), "latin1") : data);
      }
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();

  const proxy: RedisProxy = {
    port: typeof address === "object" && address ? address.port : 0,
    mode: "pass",
    alter: undefined,
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
