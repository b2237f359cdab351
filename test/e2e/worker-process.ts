import { type ChildProcess, spawn } from "node:child_process";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { builtProcesses } from "../support/build.ts";
import type { Place } from "./place.ts";

export interface WorkerEvent {
  readonly event: string;
  readonly id?: string;
  readonly fence?: number;
  readonly attempt?: number;
  readonly code?: string;
  readonly n?: number;
  readonly settlement?: string;
  readonly [field: string]: unknown;
}

/** A worker in a process of its own, with everything it told so far. */
export interface WorkerProcess {
  readonly pid: number;
  readonly events: readonly WorkerEvent[];
  /** The first event, past or future, that fits. */
  seen(fits: (event: WorkerEvent) => boolean): Promise<WorkerEvent>;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, after everything that the process told has arrived. */
  readonly exited: Promise<number | null>;
}

/** `app`: what runs in it, given lease, URL and namespace; `env`: what it finds in its environment besides. */
export function startWorkerProcess(
  place: Place,
  lease = "2s",
  app = "app-process.ts",
  env: Readonly<Record<string, string>> = {},
): WorkerProcess {
  const args = [lease, place.url, ...(place.namespace === undefined ? [] : [place.namespace])];
  const file = join(builtProcesses, "test/e2e", `${basename(app, ".ts")}.js`);
  const child: ChildProcess = spawn(process.execPath, [file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const events: WorkerEvent[] = [];
  const waiting = new Set<(event: WorkerEvent) => void>();
  if (!child.stdout) throw new TypeError("spawned with a pipe");
  createInterface({ input: child.stdout }).on("line", (line) => {
    const event = JSON.parse(line) as WorkerEvent; // written by the process
    events.push(event);
    for (const look of waiting) look(event);
  });
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    pid: child.pid ?? 0,
    events,
    exited,
    kill: (signal) => void child.kill(signal),
    seen(fits) {
      const past = events.find(fits);
      if (past) return Promise.resolve(past);
      return new Promise((resolve) => {
        const look = (event: WorkerEvent): void => {
          if (!fits(event)) return;
          waiting.delete(look);
          resolve(event);
        };
        waiting.add(look);
      });
    },
  };
}
