import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ChildMessage } from "./protocol.ts";

export interface LoadOptions {
  /** Absolute path of the schema file. */
  readonly file: string;
  /** Working directory of the user's code. */
  readonly cwd: string;
  /** The tsconfig.json that path aliases come from, if there is one. */
  readonly tsconfig: string | undefined;
  readonly timeoutMs: number;
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

/** Runs the schema file in a process of its own. Never throws for what the file does. */
export function load({ file, cwd, tsconfig, timeoutMs }: LoadOptions): Promise<LoadResult> {
  const child = fork(childFile(), [file], {
    cwd,
    execArgv: ["--import", tsxUrl()],
    env: { ...process.env, TZ: "UTC", ...(tsconfig === undefined ? {} : { TSX_TSCONFIG_PATH: tsconfig }) },
    // What the schema prints must not mix with the output of the CLI.
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const stderr = collect(child);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish({ type: "timeout" }), timeoutMs);
    const finish = (result: LoadResult): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      child.on("error", () => {}); // killing a process that has ended is no failure
      child.kill("SIGKILL");
      resolve(result);
    };
    child.once("message", (message) => finish(message as ChildMessage)); // child.ts sends nothing else
    child.once("exit", (exitCode, signal) => finish({ type: "exited", exitCode, signal, stderr: stderr() }));
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
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
