import { canInstall, install } from "./packages.ts";
import { hasDocker } from "./container.ts";

/** Where private servers come from. */
export type Source =
  | { readonly kind: "program"; readonly path: string; readonly installed: boolean }
  | { readonly kind: "docker" }
  | { readonly kind: "none"; readonly reason: string };

export interface Wanted {
  /** `"PostgreSQL"` */
  readonly service: string;
  /** Path of the program, or of its folder, if this machine has it. */
  readonly find: () => string | undefined;
  /** Name of the distribution's package. */
  readonly package: string;
  /** Whether it can come from Docker. Default true. */
  readonly container?: boolean;
}

/** Nothing is left out then: what cannot run fails. */
const required = process.env["CI"] === "true" || process.env["JOBWRIGHT_TEST_SERVERS"] === "required";

/** This machine's program, Docker, or, on Debian as root, the distribution's package; in this order. */
export function sourceOf({ service, find, package: name, container = true }: Wanted): Source {
  const path = find();
  if (path !== undefined) return { kind: "program", path, installed: false };
  if (container && hasDocker()) return { kind: "docker" };
  const missing = `there is no ${service} here${container ? ", no Docker" : ""}`;
  if (!canInstall()) return none(`${missing}, and no Debian on which to install ${name}`);
  const installed = install(name) ? find() : undefined;
  if (installed === undefined) return none(`${missing}, and ${name} cannot be installed`);
  return { kind: "program", path: installed, installed: true };
}

const none = (reason: string): Source => ({ kind: "none", reason });

/** Why tests must be left out, told loudly; undefined if they can run, or must not be left out. */
export function reasonToLeaveOut(source: Source, service: string): string | undefined {
  if (source.kind !== "none" || required) return undefined;
  if (process.env["VITEST"] !== undefined) console.warn(`⚠ LEFT OUT: tests that need ${service}, as ${source.reason}.`);
  return source.reason;
}
