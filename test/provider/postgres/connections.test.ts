import { afterEach, expect, it } from "vitest";
import { describePostgres } from "../../support/postgres-suite.ts";
import {
  backends,
  claimOf,
  createGate,
  createScene,
  jobOf,
  jobsOf,
  leaseOf,
  terminate,
  until,
  untilDone,
} from "./scene.ts";

const unavailable = { code: "JW_STORE_UNAVAILABLE", retryable: true };
const minute = { timeoutMs: 60_000 };

describePostgres("connections to PostgreSQL", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  /** Of this provider; a pool of the application says nothing of itself. */
  const ours = "application_name = 'jobwright'";
  const waiting = "wait_event_type = 'Lock'";

  it("that are idle can be terminated: the next calls succeed", async () => {
    const provider = await scene.started();
    await Promise.all(jobsOf(5).map((job) => provider.enqueue([job])));
    await Promise.all([provider.counts(), provider.counts(), provider.counts()]);
    expect(await terminate(scene, ours)).toBeGreaterThan(1);
    const jobs = await Promise.all([1, 2, 3].map(() => provider.claim(claimOf({ limit: 1 }))));
    expect(jobs.flat()).toHaveLength(3);
  });

  it("of an application's pool without a listener can be terminated too", async () => {
    const pool = scene.pool();
    const provider = await scene.started({ database: pool });
    // It was idle before the provider came, and is idle now.
    await Promise.all([provider.counts(), pool.query("select 1"), pool.query("select 2")]);
    expect(await terminate(scene, "application_name = ''")).toBeGreaterThan(1);
    await until(() => pool.totalCount === 0);
    expect(await provider.enqueue([jobOf()])).toMatchObject([{ outcome: "enqueued" }]);
  });

  it("can be terminated while a call is under way: it is made again", async () => {
    const provider = await scene.started();
    const lease = await leaseOf(provider);
    const other = await scene.client();
    await other.query("begin");
    await other.query(`select 1 from ${scene.tables}.jobs for update`);
    const call = provider.ack([{ ...lease, output: "1" }]);
    await until(async () => (await terminate(scene, `${ours} and ${waiting}`)) === 1);
    await until(async () => (await backends(scene, `${ours} and ${waiting}`)).length === 1);
    await other.query("commit");
    expect(await call).toEqual(["ok"]);
  });

  it.each(["its own pool", "the application's pool"])(
    "that a handler has checked out from %s can be terminated: it fails, and its lease stays",
    async (whose) => {
      const provider = await scene.started(whose === "its own pool" ? {} : { database: scene.pool() });
      const lease = await leaseOf(provider);
      const call = provider.inTransaction(
        lease,
        async (tx) => {
          expect(await terminate(scene, "state = 'idle in transaction'")).toBe(1);
          await tx.execute("select 1");
          return {};
        },
        minute,
      );
      await expect(call).rejects.toThrow();
      expect(await provider.get(lease.id)).toMatchObject({ state: "running", fence: 1 });
      expect(await provider.ack([lease])).toEqual(["ok"]);
    },
  );

  it("that are cut while a call is under way are made again", async () => {
    const { proxy, url } = await scene.link();
    const provider = await scene.started({ url });
    proxy.mode = "mute";
    const job = jobOf();
    const call = provider.enqueue([job]);
    await proxy.withheld();
    proxy.mode = "pass";
    proxy.cut();
    // The job was there already when the statement came again.
    expect(await call).toMatchObject([{ id: job.id, outcome: "duplicate", state: "ready" }]);
    expect(await provider.counts()).toEqual({ mail: { ready: 1 } });
  });

  it("that lose the reply to a claim give its leases to the same claim", async () => {
    const { proxy, url } = await scene.link();
    const provider = await scene.started({ url });
    await provider.enqueue(jobsOf(3));
    await provider.claim(claimOf({ lanes: [] }));
    proxy.mode = "mute";
    const request = claimOf({ limit: 2 });
    const call = provider.claim(request);
    await proxy.withheld();
    proxy.mode = "pass";
    proxy.cut();
    const claimed = await call;
    expect(claimed.map(({ fence }) => fence)).toEqual([1, 1]);
    expect(await provider.claim(request)).toEqual(claimed);
    expect(await provider.counts()).toEqual({ mail: { ready: 1, running: 2 } });
  });

  it("that are a black hole reject in time, and work again when they can", async () => {
    const { proxy, url } = await scene.link();
    const provider = await scene.started({ url, queryTimeoutMs: 200 });
    const lease = await leaseOf(provider);
    proxy.mode = "hole";
    await expect(provider.enqueue([jobOf()])).rejects.toMatchObject(unavailable);
    await expect(provider.ack([lease])).rejects.toMatchObject(unavailable);
    proxy.mode = "pass";
    proxy.cut();
    expect(await untilDone(() => provider.ack([lease]))).toEqual(["ok"]);
  });

  it("of an application's pool without time limits that are a black hole reject in time, also at start", async () => {
    const { proxy, url } = await scene.link();
    const pool = scene.pool({ connectionString: url, max: 3 });
    const options = { database: pool, queryTimeoutMs: 200 };
    await (await scene.started(options)).counts();
    const provider = scene.open(options);
    const unmigrated = scene.open({ ...options, migrate: false });
    await Promise.all([pool.query("select 1"), pool.query("select 2"), pool.query("select 3")]);
    proxy.mode = "hole";
    // Three connections that are silent, and then none that can be made.
    for (const call of [provider, unmigrated, provider, unmigrated, provider]) {
      await expect(call.start()).rejects.toMatchObject(unavailable);
    }
    await expect(provider.enqueue([jobOf()])).rejects.toMatchObject(unavailable);
    proxy.mode = "pass";
    proxy.cut();
    await untilDone(() => provider.enqueue([jobOf()]));
  });

  it("that are a black hole keep nobody from stopping", async () => {
    const { proxy, url } = await scene.link();
    const provider = await scene.started({ url, queryTimeoutMs: 200 });
    provider.notifier?.subscribe(["mail"], () => {});
    await provider.counts();
    proxy.mode = "hole";
    const call = expect(provider.enqueue([jobOf()])).rejects.toMatchObject(unavailable);
    await provider.stop();
    await call;
  });

  it("that cannot be had from an application's busy pool reject in time", async () => {
    const pool = scene.pool({ max: 1 });
    const provider = await scene.started({ database: pool, queryTimeoutMs: 200 });
    const client = await pool.connect();
    await expect(provider.enqueue([jobOf()])).rejects.toMatchObject(unavailable);
    client.release();
    expect(await provider.enqueue([jobOf()])).toMatchObject([{ outcome: "enqueued" }]);
    expect(await provider.counts()).toEqual({ mail: { ready: 1 } });
  });

  it("that handlers hold leave some to claims, settlements and heartbeats", async () => {
    const provider = await scene.started({ connection: { max: 3 } });
    await provider.enqueue(jobsOf(8));
    const leases = await provider.claim(claimOf({ limit: 6 }));
    const gate = createGate();
    let running = 0;
    const body = async () => {
      running++;
      await gate.opened;
      return { output: "1" };
    };
    const handlers = leases.slice(0, 5).map((lease) => provider.inTransaction(lease, body, minute));
    await until(() => running > 0);
    const [, , , , , last] = leases;
    expect(await provider.extend({ workerId: "w1", leaseMs: 60_000 })).toHaveLength(6);
    expect(await provider.claim(claimOf({ limit: 2 }))).toHaveLength(2);
    expect(await provider.ack(last ? [last] : [])).toEqual(["ok"]);
    gate.open();
    expect(await Promise.all(handlers)).toEqual(["ok", "ok", "ok", "ok", "ok"]);
  });

  it("of an application's pool that its handlers hold leave the heartbeat alone", async () => {
    const pool = scene.pool({ max: 2 });
    const provider = await scene.started({ database: pool, queryTimeoutMs: 500 });
    await leaseOf(provider);
    const clients = await Promise.all([pool.connect(), pool.connect()]);
    expect(await provider.extend({ workerId: "w1", leaseMs: 60_000 })).toHaveLength(1);
    for (const client of clients) client.release();
  });

  it("with a password in the application's pool are made for hints and heartbeats too", async () => {
    await scene.sql("create role app login superuser password 'secret'");
    const [hba] = await scene.sql<{ file: string }>("select current_setting('hba_file') as file");
    const rule = (method: string) =>
      scene.sql(`copy (values ('local all all trust'), ('host all app 127.0.0.1/32 ${method}'),
        ('host all all 127.0.0.1/32 trust')) to '${hba?.file}'; select pg_reload_conf()`);
    await rule("scram-sha-256");
    try {
      const { port } = new URL(scene.url);
      const config = { host: "127.0.0.1", port: Number(port), user: "app", password: "secret", database: "postgres" };
      const pool = scene.pool({ connectionString: undefined, ...config, max: 1 });
      const provider = await scene.started({ database: pool });
      let wakes = 0;
      provider.notifier?.subscribe(["mail"], () => wakes++);
      await until(() => wakes > 0);
      await leaseOf(provider);
      const client = await pool.connect();
      expect(await provider.extend({ workerId: "w1", leaseMs: 60_000 })).toHaveLength(1);
      client.release();
    } finally {
      await scene.end();
      await rule("trust");
      await scene.sql("drop role app");
    }
  });
});
