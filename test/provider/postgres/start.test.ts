import { afterEach, expect, it } from "vitest";
import { describePostgres } from "../../support/postgres-suite.ts";
import { claimOf, createScene, jobOf, jobsOf, leaseOf, untilDone } from "./scene.ts";

describePostgres("starting the PostgreSQL provider", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  it("by eight pools at once migrates once", async () => {
    const all = Array.from({ length: 8 }, () => scene.open());
    const reports = await Promise.all(all.map((provider) => provider.migrate()));
    expect(reports.filter(({ from }) => from === 0)).toHaveLength(1);
    expect(new Set(reports.map(({ to }) => to)).size).toBe(1);
  });

  it.each([true, false])("refuses a store that a newer jobwright has made, with migrate: %s", async (migrate) => {
    await scene.started();
    await scene.sql(`update ${scene.tables}.meta set value = '999' where key = 'schema_version'`);
    await expect(scene.open({ migrate }).start()).rejects.toMatchObject({
      code: "JW_SCHEMA_NEWER",
      retryable: false,
      message: expect.stringContaining("999"),
    });
    expect(await scene.sql(`select value from ${scene.tables}.meta`)).toEqual([{ value: "999" }]);
  });

  it.each(['Weird "Name"', "UPPER", "a.b", "sel'ect", "back\\slash", "$1", "ünï"])(
    "takes %s as the name of a schema",
    async (schema) => {
      try {
        const provider = await scene.started({ schema });
        const lease = await leaseOf(provider);
        expect(await provider.ack([{ ...lease, output: "1" }])).toEqual(["ok"]);
        await provider.enqueue([jobOf()]);
        expect(await provider.counts()).toEqual({ mail: { succeeded: 1, ready: 1 } });
        const held = await provider.claim(claimOf());
        const settle = async () => ({ output: "2" });
        expect(held).toHaveLength(1);
        for (const one of held) expect(await provider.inTransaction(one, settle, { timeoutMs: 60_000 })).toBe("ok");
        await scene.started({ schema, migrate: false });
      } finally {
        await scene.sql(`drop schema if exists "${schema.replaceAll('"', '""')}" cascade`);
      }
    },
  );

  it("says that a database is read-only, and goes on by itself when it is no more", async () => {
    const provider = await scene.started();
    const writable = () =>
      scene.sql("begin read write; alter database postgres reset default_transaction_read_only; commit");
    const readonly = { code: "JW_STORE_READONLY", retryable: true, message: expect.stringContaining("read-only") };
    await scene.sql("alter database postgres set default_transaction_read_only = on");
    try {
      const late = scene.open();
      await expect(late.enqueue(jobsOf(1))).rejects.toMatchObject({ code: "JW_STOPPED" });
      await late.start();
      await expect(late.enqueue(jobsOf(1))).rejects.toMatchObject(readonly);
      await expect(scene.open({ schema: `${scene.schema}_new` }).start()).rejects.toMatchObject(readonly);
      await writable();
      expect(await untilDone(() => late.enqueue(jobsOf(1)))).toMatchObject([{ outcome: "enqueued" }]);
    } finally {
      await writable();
    }
    expect(await provider.counts()).toEqual({ mail: { ready: 1 } });
  });
});
