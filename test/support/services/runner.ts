import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";

/** What runs a private server on one port of loopback, over and over with the same data. */
export interface Runner {
  readonly port: number;
  /** Starts the server's process. That it answers is another matter. */
  start(): Promise<void>;
  /** Rejects when the server ends without having been told to. */
  readonly failed: Promise<never>;
  /** Sends a signal that ends the server, and waits for its end. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** Deletes its data. */
  remove(): void;
}

export interface Program {
  readonly port: number;
  readonly command: string;
  readonly args: readonly string[];
  /** Where it runs and keeps its data. */
  readonly folder: string;
  /** Ends the server when this process is gone. */
  readonly lastSignal: "KILL" | "QUIT";
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Whether the folder stays when this process is killed. Default false. */
  readonly keep?: boolean | undefined;
}

/**
 * The shell around a server: it tells the server's process id, and ends it when its own input ends, which it does when
 * this process dies, `kill -9` included. Nobody reads its output then, and it deletes the server's folder as well, unless
 * that is to stay.
 */
const guard = `
signal=$1; folder=$2; shift 2
exec 3<&0
"$@" 3<&- </dev/null >/dev/null 2>&1 &
server=$!
trap "" INT TERM HUP PIPE
echo $server
{ read -r nothing; kill -$signal $server; } <&3 >/dev/null 2>&1 &
wait $server
code=$?
kill -KILL $! 2>/dev/null
echo over 2>/dev/null || rm -rf -- "$folder"
exit $code`;

/** Runs a program of this machine. */
export function createLocalRunner(program: Program): Runner {
  const { port, command, args, folder, lastSignal, user, keep = false } = program;
  let running: { readonly shell: ChildProcess; pid: number; ending: boolean } | undefined;
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => (fail = reject));
  failed.catch(() => {});

  return {
    port,
    failed,
    remove: () => rmSync(folder, { recursive: true, force: true }),
    async start() {
      const shell = spawn("/bin/sh", ["-c", guard, "guard", lastSignal, keep ? "" : folder, command, ...args], {
        ...user,
        cwd: folder,
        // A group of its own: Ctrl-C is meant for this process, which can then still reach its server.
        detached: true,
        stdio: ["pipe", "pipe", "ignore"],
      });
      const own = { shell, pid: 0, ending: false };
      // Before anything is awaited: the end of a server that does not start may be heard before what the guard says.
      shell.once("exit", (code) => {
        if (!own.ending) fail(new Error(`${command} on port ${port} ended with code ${code}.`));
      });
      const [pid] = (await once(shell.stdout, "data")) as [Buffer]; // what the guard says first
      own.pid = Number(pid.toString());
      running = own;
    },
    async end(signal) {
      const own = running;
      running = undefined;
      if (!own || own.shell.exitCode !== null) return;
      own.ending = true;
      const ended = once(own.shell, "exit");
      process.kill(own.pid, signal);
      await ended;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || !address) throw new Error("the operating system gave no port");
  return address.port;
}
