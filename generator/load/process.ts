import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { JobModel } from "../model/model.ts";
import type { ChildMessage, Compiling, Declined, Edit, Edited, ParentMessage } from "./protocol.ts";

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

/** A process that runs the schema file once. */
export interface SchemaProcess {
  /** Whether it can still be asked. */
  isAlive(): boolean;
  /**
   * Never throws for what the file does. `timeoutMs`: from now on. A process that prepared itself goes on afterwards, if the file
   * could be read.
   */
  run(timeoutMs: number): Promise<LoadResult>;
  /** Of a process that went on: what the file would say after an edit. Undefined: it cannot tell in time, and is of no more use. */
  edit(edit: Omit<Edit, "type">, timeoutMs: number): Promise<Edited | undefined>;
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
  const send = (message: ParentMessage): void => void child.send(message, () => {}); // its end is told by `exit`
  if (known) send({ type: "known", texts: known.texts });
  let onCompiling = (): void => {};
  let onAnswer: (answer: Edited | Declined) => void = () => {};
  let finish: (outcome: LoadResult) => void = () => {};
  const result = new Promise<LoadResult>((resolve, reject) => {
    finish = resolve;
    child.on("message", (sent) => {
      const message = sent as ChildMessage<JobModel | number> | Compiling | Edited | Declined; // child.ts sends nothing else
      if (message.type === "compiling") onCompiling();
      else if (message.type === "edited" || message.type === "declined") onAnswer(message);
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
    finish({ type: "exited", exitCode: null, signal: "SIGKILL", stderr: "" });
  };
  return {
    isAlive: () => child.connected && child.exitCode === null && child.signalCode === null,
    async run(timeoutMs) {
      if (known) send({ type: "go" });
      let timer: NodeJS.Timeout | undefined;
      let isOver = true;
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
        const outcome = await Promise.race([result, timeout]);
        isOver = !known || outcome.type !== "loaded";
        return outcome;
      } finally {
        clearTimeout(timer);
        if (isOver) end();
      }
    },
    async edit(change, timeoutMs) {
      const answer = await new Promise<Edited | Declined>((resolve) => {
        onAnswer = (message) => {
          clearTimeout(timer);
          resolve(message);
        };
        const decline = (): void => onAnswer({ type: "declined" });
        const timer = setTimeout(decline, timeoutMs);
        child.once("exit", decline);
        send({ type: "edit", ...change });
      });
      if (answer.type === "edited") return answer;
      end();
      return undefined;
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
