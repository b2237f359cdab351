import { createRequire } from "node:module";
import type BetterSqlite3 from "better-sqlite3";
import { JobwrightError } from "../../contract/index.ts";

const require = createRequire(import.meta.url);

/** First Node that the native half of better-sqlite3 13 runs on; on older ones it segfaults when a database is opened. */
const driver13NeedsNode = 22;

/** Loads better-sqlite3, after checks that turn a crash or a bare stack trace into a sentence. */
export function loadDriver(): typeof BetterSqlite3 {
  const version = installedVersion();
  const nodeMajor = Number(process.versions.node.split(".")[0]);
  if (Number(version.split(".")[0]) >= 13 && nodeMajor < driver13NeedsNode) {
    throw new JobwrightError(
      "JW_NODE_UNSUPPORTED",
      `better-sqlite3 ${version} does not run on Node ${process.versions.node}: it would crash the process.`,
      { hint: "Run `npm install better-sqlite3@12.11.1`, or use Node 22 or newer." },
    );
  }
  try {
    return require("better-sqlite3") as typeof BetterSqlite3; // CommonJS module, typed by its own package
  } catch (error) {
    throw new JobwrightError("JW_DRIVER_MISSING", `better-sqlite3 ${version} is installed, but cannot be loaded.`, {
      hint:
        "Its native part is probably missing, because npm blocked the install script: add " +
        '`"allowScripts": { "better-sqlite3": true }` to package.json and run `npm rebuild better-sqlite3`.',
      cause: error,
    });
  }
}

function installedVersion(): string {
  try {
    return (require("better-sqlite3/package.json") as { version: string }).version; // a fact of every npm package
  } catch (error) {
    throw new JobwrightError("JW_DRIVER_MISSING", "The SQLite provider needs the package better-sqlite3.", {
      hint: "Run `npm install better-sqlite3` (on Node 20: `npm install better-sqlite3@12.11.1`).",
      cause: error,
    });
  }
}
