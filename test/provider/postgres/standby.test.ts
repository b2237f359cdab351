import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type PostgresServer, runSql, startPostgres } from "../../support/postgres-server.ts";
import { noStandby, type Standby, startStandby } from "../../support/postgres-standby.ts";
import { claimOf, createScene, jobOf, leaseOf, until, untilDone } from "./scene.ts";

describe.skipIf(noStandby)(`a standby of PostgreSQL${noStandby ? ` (left out: ${noStandby})` : ""}`, () => {
  let primary: PostgresServer;
  let standby: Standby | undefined;
  const scene = createScene({
    get url() {
      return primary.url;
    },
    get server() {
      return primary;
    },
  });

  beforeAll(async () => {
    primary = await startPostgres();
  });
  afterEach(async () => {
    await scene.end();
    await standby?.stop();
  });
  afterAll(() => primary?.stop());

  /** A follower of the server, made now. */
  async function follower(): Promise<string> {
    standby = await startStandby(primary);
    return standby.url;
  }

  const readonly = {
    code: "JW_STORE_READONLY",
    retryable: true,
    message: expect.stringContaining("is read-only: a standby"),
    hint: expect.stringContaining("Connect to the primary"),
  };

  it("refuses the start that would create tables, and says why", async () => {
    const provider = scene.open({ url: await follower() });
    await expect(provider.start()).rejects.toMatchObject(readonly);
    await expect(provider.migrate()).rejects.toMatchObject(readonly);
  });

  it("with the tables lets a provider start and read, refuses every change, and says why", async () => {
    const lease = await leaseOf(await scene.started());
    const provider = await scene.started({ url: await follower() });
    expect(await provider.get(lease.id)).toMatchObject({ state: "running", fence: 1 });
    expect(await provider.counts()).toEqual({ mail: { running: 1 } });
    const changes = [
      () => provider.enqueue([jobOf()]),
      () => provider.claim(claimOf()),
      () => provider.ack([lease]),
      () => provider.nack([{ ...lease, outcome: "release" }]),
      () => provider.extend({ workerId: "w1", leaseMs: 1_000 }),
      () => provider.report([{ ...lease, progress: 0.5 }]),
      () => provider.inTransaction(lease, async () => ({}), { timeoutMs: 60_000 }),
      () => provider.promote(1),
      () => provider.reap(1),
      () => provider.cancel([lease.id]),
      () => provider.pause({ queue: "mail" }),
    ];
    for (const change of changes) await expect(change()).rejects.toMatchObject(readonly);
  });

  it("that becomes the primary is used without a restart, and listened to", async () => {
    await scene.started();
    const url = await follower();
    const provider = await scene.started({ url }, { firstRetryMs: 10, maxRetryMs: 20 });
    let heard = 0;
    provider.notifier?.subscribe(["mail"], () => heard++);
    const job = jobOf();
    await expect(provider.enqueue([job])).rejects.toMatchObject(readonly);
    await runSql(url, "select pg_promote()");
    expect(await untilDone(() => provider.enqueue([job]))).toMatchObject([{ id: job.id, outcome: "enqueued" }]);
    expect(await provider.claim(claimOf())).toMatchObject([{ id: job.id, fence: 1 }]);
    const own = heard;
    const other = await scene.started({ url });
    await other.enqueue([jobOf()]);
    await until(() => heard > own);
  });
});
