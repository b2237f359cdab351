import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

interface Workplace {
  readonly url: string;
  readonly namespace?: string;
  /** Port of the mail server. */
  readonly smtpPort: number;
  /** How long the jobs of a killed worker stay with it. */
  readonly lease: `${number}s`;
}

export function startWorker({ url, namespace, smtpPort, lease }: Workplace): ChildProcess {
  const file = fileURLToPath(new URL("worker.ts", import.meta.url));
  const args = [String(smtpPort), lease, ...(namespace === undefined ? [] : [namespace])];
  // The URL may hold a password, which a command line would show to everybody.
  return fork(file, args, { execArgv: ["--import", "tsx"], env: { ...process.env, JOBS_URL: url } });
}
