import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import type { ConformanceFactory } from "../../runtime/testing/index.ts";

/** A new database file per case. */
export const sqliteFactory: ConformanceFactory = {
  capabilities: { transactions: "sync", durable: true, reach: "host" },
  createStore(clock) {
    const folder = mkdtempSync(join(tmpdir(), "jobwright-conformance-"));
    return {
      // What is proved here is the protocol; flushing to the disk would only make it slow.
      open: () => sqlite({ path: join(folder, "jobs.db"), clock, durability: "normal" }),
      dispose: () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};
