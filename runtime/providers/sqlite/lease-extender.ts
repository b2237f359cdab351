import { type LeaseExtender, systemClock } from "../../contract/index.ts";
import { createConnection } from "./connection.ts";
import { openDatabase } from "./database.ts";
import { extendLeases } from "./deliver.ts";
import { createWriteQueue } from "./write-queue.ts";

/** Runs in the heartbeat thread: the same file over a connection of its own. A lost heartbeat is harmless, so no flush. */
export function openLeaseExtender(data: unknown): LeaseExtender {
  const { path } = data as { readonly path: string }; // made by this provider's leaseThread
  const database = openDatabase(path, true);
  const connection = createConnection(database);
  const writes = createWriteQueue(database, path);
  return {
    extend: (request) => writes.submit(() => extendLeases(connection, request, systemClock.now())),
    async close() {
      await writes.close();
      database.close();
    },
  };
}
