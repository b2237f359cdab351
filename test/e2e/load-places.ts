import { startPostgres } from "../support/postgres-server.ts";
import { startRedis } from "../support/redis-server.ts";
import type { LoadOptions } from "./load.ts";
import { postgresPlace, redisPlace, sqlitePlace } from "./place.ts";

/** A store for a load, on a private server that may crash and keeps its word nevertheless. */
export interface LoadPlace extends Omit<LoadOptions, "seconds"> {
  remove(): Promise<void>;
}

export const loadPlaces = {
  async sqlite(): Promise<LoadPlace> {
    const place = sqlitePlace();
    return { place, remove: () => place.remove() };
  },

  async postgres(): Promise<LoadPlace> {
    const server = await startPostgres("fsync=on", "full_page_writes=on");
    const place = postgresPlace(server.url);
    return { place, restart: () => server.crash().then(() => server.restart()), remove: () => server.stop() };
  },

  async redis(): Promise<LoadPlace> {
    const server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
    const place = redisPlace(server.url);
    return { place, restart: () => server.kill().then(() => server.restart()), remove: () => server.stop() };
  },
};
