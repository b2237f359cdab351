import { afterEach, describe, expect, it } from "vitest";
import { noServer as noPostgres } from "../support/postgres-server.ts";
import { noServer as noRedis } from "../support/redis-server.ts";
import { runLoad } from "./load.ts";
import { type LoadPlace, loadPlaces } from "./load-places.ts";

/** `npm run soak` does the same for longer. */
const seconds = 5;
const twoMinutes = 120_000;

let place: LoadPlace | undefined;
afterEach(() => place?.remove());

describe.each([
  { store: "sqlite", missing: undefined },
  { store: "postgres", missing: noPostgres },
  { store: "redis", missing: noRedis },
] as const)("a mixed load on $store", ({ store, missing }) => {
  it.skipIf(missing)(
    `loses nothing and settles nothing twice while workers and servers crash${missing ? ` (left out: ${missing})` : ""}`,
    async () => {
      place = await loadPlaces[store]();
      const report = await runLoad({ ...place, seconds });
      expect(report).toMatchObject({ lost: [], settledTwice: [], wrong: [] });
      // Otherwise it proves little.
      expect(report.enqueued).toBeGreaterThan(200);
      expect(report.crashes).toBeGreaterThan(0);
      expect(report.kills * report.freezes).toBeGreaterThan(0);
      expect(report.restarts > 0).toBe(place.restart !== undefined);
    },
    twoMinutes,
  );
});
