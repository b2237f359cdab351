import { existsSync, readFileSync } from "node:fs";

/** Version of this package, from the nearest package.json above: two levels up in source, three in the built package. */
export function ownVersion(): string {
  for (const up of ["../../../package.json", "../../package.json"]) {
    const file = new URL(up, import.meta.url);
    if (!existsSync(file)) continue;
    const { name, version } = JSON.parse(readFileSync(file, "utf8")) as { name?: string; version: string }; // npm's format
    if (name === "jobwright") return version;
  }
  throw new TypeError("jobwright's own package.json is missing");
}
