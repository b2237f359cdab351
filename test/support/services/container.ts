import { execFileSync, spawnSync } from "node:child_process";
import { freePort, type Runner } from "./runner.ts";

/** A server in a container, for machines without its program. */
export interface Image {
  readonly name: string;
  /** The port that it listens on inside. */
  readonly port: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

/** Whether a Docker daemon answers. Asked at most once. */
export function hasDocker(): boolean {
  answers ??= spawnSync("docker", ["info"], { timeout: 5_000, stdio: "ignore" }).status === 0;
  return answers;
}
let answers: boolean | undefined;

const docker = (...args: readonly string[]): string => execFileSync("docker", args, { encoding: "utf8" }).trim();

/** The image is fetched when it is not there. */
export async function createContainerRunner({ name, port: inside, environment = {}, args }: Image): Promise<Runner> {
  const port = await freePort();
  const variables = Object.entries(environment).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  const published = ["-p", `127.0.0.1:${port}:${inside}`];
  const id = docker("create", "--label", "jobwright-tests", ...published, ...variables, name, ...args);
  return {
    port,
    failed: new Promise(() => {}),
    async start() {
      docker("start", id);
    },
    async end(signal) {
      docker("kill", "--signal", signal, id);
      docker("wait", id);
    },
    remove: () => void docker("rm", "--force", "--volumes", id),
  };
}
