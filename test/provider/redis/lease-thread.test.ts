import { createClient, createTypedWorker, type JobClient } from "jobwright/codegen/v1";
import { redis } from "jobwright/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReapResult } from "../../../runtime/contract/index.ts";
import { noServer, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { descriptor, type Work } from "../../e2e/descriptor.ts";
import { spin } from "../../e2e/spin.ts";

const suite = `the heartbeat thread on Redis${noServer ? ` (left out: ${noServer})` : ""}`;

interface Jobs {
  readonly work: JobClient<Work, { readonly pid: number }>;
}

// The built package: a thread loads compiled modules only.
describe.skipIf(noServer)(suite, () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());

  it("keeps the lease of a handler that keeps the CPU for three times as long", async () => {
    // With credentials, which the thread needs as well.
    await server.admin.call("ACL", "SETUSER", "app", "on", ">secret", "~{jobwright}:*", "&{jobwright}:*", "+@all");
    const provider = redis({ url: server.url.replace("redis://", "redis://app:secret@"), onWarning: () => {} });
    const jobs = await createClient<Jobs>(descriptor, { provider });
    const leaseMs = 1_000;
    let reaped: ReapResult | undefined;
    const worker = await createTypedWorker(descriptor, {
      provider,
      lease: `${leaseMs}ms`,
      handlers: {
        async work() {
          spin(3 * leaseMs);
          // The first thing that this thread says after its silence: a lapsed lease would be ended here.
          reaped = await provider.reap(10);
          return { pid: process.pid };
        },
      },
    });
    void worker.start();
    const handle = await jobs.work.enqueue({ n: 1, do: "nothing", ms: 0 });
    await handle.result();
    expect(reaped).toEqual({ readied: 0, ended: 0 });
    expect(await provider.get(handle.id)).toMatchObject({ state: "succeeded", fence: 1, crashes: 0 });
    await worker.stop();
    await provider.stop();
  });
});
