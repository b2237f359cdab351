import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ClaimedJob, NewJob } from "../../../runtime/contract/index.ts";
import { noServer, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { claimOf, createScene, jobOf } from "./scene.ts";

const suite = `hints of Redis within one process${noServer ? ` (left out: ${noServer})` : ""}`;

describe.skipIf(noServer)(suite, () => {
  const scene = createScene();
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(() => scene.end());
  afterAll(() => server.stop());

  /** What a listener of this process hears of a job, and what a claim finds that it makes each time. */
  async function heardOf(job: NewJob): Promise<readonly (readonly ClaimedJob[])[]> {
    const provider = await scene.started({ url: server.url, namespace: job.id });
    const claims: Promise<readonly ClaimedJob[]>[] = [];
    let hear = (): void => undefined;
    // The first hint says that messages may have been missed while there was no connection for them.
    await new Promise<void>((resolve) => {
      hear = resolve;
      provider.notifier?.subscribe([job.queue], () => hear());
    });
    hear = () => void claims.push(provider.claim(claimOf()));
    await provider.enqueue([job]);
    return Promise.all(claims);
  }

  it("come as soon as a job is on its way, and a claim that follows has it: one round trip instead of two", async () => {
    const job = jobOf();
    const [early, late] = await heardOf(job);
    expect(early).toMatchObject([{ id: job.id }]);
    expect(late).toEqual([]);
  });

  it("come with the reply where only that tells whether the job is ready", async () => {
    const unique = { key: "k", scope: "live", onConflict: "ignore" } as const;
    expect(await heardOf(jobOf({ unique }))).toMatchObject([[{}]]);
    expect(await heardOf(jobOf({ runAt: 0 }))).toMatchObject([[{}]]);
    expect(await heardOf(jobOf({ delayMs: 60_000 }))).toEqual([]);
  });
});
