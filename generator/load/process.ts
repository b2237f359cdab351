import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { JobModel } from "../model/model.ts";
import type { ChildMessage, Compiling, Go, Known } from "./protocol.ts";

export interface ProcessOptions {
  /** Absolute path of the schema file. */
  readonly file: string;
  /** Working directory of the user's code. */
  readonly cwd: string;
  /** The tsconfig.json that path aliases come from, if there is one. */
  readonly tsconfig: string | undefined;
}

/** How a load ended; the child's own words, or what became of the child. */
export type LoadResult =
  | ChildMessage
  | {
      readonly type: "exited";
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly stderr: string;
    }
  | { readonly type: "timeout" };

/** The jobs of a load, frozen, and each as JSON. */
export interface KnownJobs {
  readonly texts: readonly string[];
  readonly jobs: readonly JobModel[];
}

/** A process that runs the schema file once, and ends. */
export interface SchemaProcess {
  /** Whether it can still run the file. */
  isAlive(): boolean;
  /** Never throws for what the file does. `timeoutMs`: from now on. */
  run(timeoutMs: number): Promise<LoadResult>;
  end(): void;
}

/** Starts a process that runs the file at once; with `known`, one that prepares itself and waits for `run`. */
export function startProcess({ file, cwd, tsconfig }: ProcessOptions, known?: KnownJobs): SchemaProcess {
  const child = fork(childFile(), known ? [file, "wait"] : [file], {
    cwd,
    execArgv: ["--import", tsxUrl()],
    env: { ...process.env, TZ: "UTC", ...(tsconfig === undefined ? {} : { TSX_TSCONFIG_PATH: tsconfig }) },
    // What the schema prints must not mix with the output of the CLI.
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const stderr = collect(child);
  const send = (message: Go | Known): void => void child.send(message, () => {}); // its end is told by `exit`
  if (known) send({ type: "known", texts: known.texts });
  let onCompiling = (): void => {};
  const result = new Promise<LoadResult>((resolve, reject) => {
    child.on("message", (sent) => {
      const message = sent as ChildMessage<JobModel | number> | Compiling; // child.ts sends nothing else
      if (message.type === "compiling") onCompiling();
      else resolve(complete(message, known));
    });
    child.once("exit", (exitCode, signal) => resolve({ type: "exited", exitCode, signal, stderr: stderr() }));
    child.once("error", reject);
  });
  // Told to whoever runs it.
  result.catch(() => {});
  const end = (): void => {
    child.removeAllListeners();
    child.on("error", () => {}); // killing a process that has ended is no failure
    child.kill("SIGKILL");
  };
  return {
    isAlive: () => child.connected && child.exitCode === null && child.signalCode === null,
    async run(timeoutMs) {
      if (known) send({ type: "go" });
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<LoadResult>((resolve) => {
        const start = (): void => void (timer = setTimeout(() => resolve({ type: "timeout" }), timeoutMs));
        start();
        // The time is the schema's, not the compiler's.
        onCompiling = () => {
          clearTimeout(timer);
          start();
        };
      });
      try {
        return await Promise.race([result, timeout]);
      } finally {
        clearTimeout(timer);
        end();
      }
    },
    end,
  };
}

/** Puts in the jobs that the child knew. */
function complete(message: ChildMessage<JobModel | number>, known: KnownJobs | undefined): ChildMessage {
  if (message.type !== "loaded") return message;
  const jobs = message.jobs.map((job) => {
    const found = typeof job === "number" ? known?.jobs[job] : job;
    if (!found) throw new RangeError("a job that was never sent");
    return found;
  });
  return { ...message, jobs };
}

const maxStderr = 8_000;

function collect(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    if (text.length < maxStderr) text += chunk;
  });
  return () => text.slice(0, maxStderr);
}

/** This folder is TypeScript in the repository and JavaScript in the package. */
function childFile(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./child.ts" : "./child.js", import.meta.url));
}

function tsxUrl(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
}
