import { existsSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { userInfo } from "node:os";

/** Files of this process wait for each other: two package managers at once get in each other's way. */
const lock = "/var/lock/jobwright-packages";

/** Whether this is a Debian, or a child of it, on which this process may install packages. */
export function canInstall(): boolean {
  return userInfo().uid === 0 && existsSync("/etc/debian_version") && existsSync("/usr/bin/apt-get");
}

/** Installs a package of the distribution; says so first, and whether it worked. */
export function install(name: string): boolean {
  process.stderr.write(`Installing ${name} with apt-get, as there is none.\n`);
  const steps = `apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq ${name}`;
  const { status, stderr, error } = spawnSync("flock", [lock, "sh", "-c", steps], { encoding: "utf8" });
  if (status !== 0) process.stderr.write(`apt-get could not install ${name}: ${error?.message ?? stderr}\n`);
  return status === 0;
}
