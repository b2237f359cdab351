import type { Upgrade } from "../core/upgrade.ts";
import { createOptionReader, type OptionReader } from "./option-reader.ts";
import { type Report, show } from "./problems.ts";

/**
 * Makes an input of the current version of what an older version stored: `upgrade: { 1: (old: SendEmailV1) => … }`, with a
 * type of the generated code. A method, because the type of `old` is only known there.
 */
export type UpgradeFunction<Input = unknown> = { upgrade(old: unknown): Input }["upgrade"];

/** What a job definition has of it. */
export interface Upgrades {
  /** Older versions that a function carries forward, ascending. */
  readonly upgrades?: readonly number[];
  /** By version. */
  readonly upgrade?: Readonly<Record<string, Upgrade>>;
}

export function readUpgrades(
  options: object,
  outer: OptionReader,
  { job, version, report }: { readonly job: string; readonly version: number; readonly report: Report },
): Upgrades {
  if (!outer.has("upgrade")) return {};
  const given: unknown = "upgrade" in options ? options.upgrade : undefined;
  const read = createOptionReader(given, { job, path: ["upgrade"], report });
  if (typeof given !== "object" || given === null || Array.isArray(given)) return {};
  for (const [key, value] of Object.entries(given)) {
    refuseVersion(key, version, read);
    refuseValue(key, value, read);
  }
  const versions = Object.keys(given).map(Number);
  if (versions.length === 0) return {};
  return {
    upgrades: versions.sort((a, b) => a - b),
    upgrade: Object.freeze({ ...given }) as Readonly<Record<string, Upgrade>>, // looked at above
  };
}

const versionKey = /^[1-9]\d*$/;

function refuseVersion(key: string, version: number, read: OptionReader): void {
  if (versionKey.test(key) && Number(key) < version) return;
  const range = version === 1 ? "none exists: this is version 1" : `1${version === 2 ? "" : `…${version - 1}`}`;
  read.refuse(
    key,
    `is for ${show(key)}, which is no older version (${range})`,
    "Use the numbers of older versions as keys, and raise `version` with every change that old jobs do not fit.",
  );
}

function refuseValue(key: string, value: unknown, read: OptionReader): void {
  const hint = `Write ${key}: (old) => ({ … }), which returns an input of the current version.`;
  if (typeof value !== "function") read.refuse(key, `is ${show(value)}, not a function`, hint);
  else if (value.constructor.name === "AsyncFunction")
    read.refuse(key, "is an async function, and a claimed job cannot wait for it", hint);
}
