import { afterEach, expect, it } from "vitest";
import type { Firing, NewSchedule } from "../../../runtime/contract/index.ts";
import { describePostgres } from "../../support/postgres-suite.ts";
import { backends, claimOf, createScene, jobOf, terminate, until } from "./scene.ts";

const daily: NewSchedule = { key: "daily", name: "mail", spec: "1", nextAt: 1_000 };

function firingOf(given: Partial<Firing> = {}): Firing {
  return { key: "daily", spec: "1", expectedAt: 1_000, slotAt: 1_000, jobs: [jobOf()], nextAt: 2_000, ...given };
}

describePostgres("schedules on PostgreSQL", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  it("are fired by one of many providers at once, slot by slot", async () => {
    const providers = await Promise.all(Array.from({ length: 4 }, () => scene.started()));
    await providers[0]?.putSchedules([daily]);
    for (let slot = 1_000; slot < 11_000; slot += 1_000) {
      const firings = providers.map((provider) =>
        provider.fireSchedule(firingOf({ expectedAt: slot, slotAt: slot, nextAt: slot + 1_000, jobs: [jobOf()] })),
      );
      const outcomes = (await Promise.all(firings)).map(({ outcome }) => outcome).sort();
      expect(outcomes).toEqual(["fired", "lost", "lost", "lost"]);
    }
    expect(await providers[0]?.counts()).toEqual({ mail: { ready: 10 } });
  });

  it("move on with their jobs or not at all when the connection ends in between", async () => {
    const provider = await scene.started();
    await provider.putSchedules([daily]);
    const guard = await scene.client();
    await guard.query(`begin; insert into ${scene.tables}.unique_keys values ('one')`);
    const job = jobOf({ unique: { key: "one", scope: "live", onConflict: "ignore" } });
    const call = provider.fireSchedule(firingOf({ jobs: [job] }));
    const waits = "application_name = 'jobwright' and wait_event_type = 'Lock'";
    await until(async () => (await terminate(scene, waits)) > 0);
    // The second try has moved the schedule again, which nobody else can see.
    await until(async () => (await backends(scene, waits)).length > 0);
    expect((await provider.schedules()).schedules).toMatchObject([{ nextAt: 1_000, lastAt: undefined }]);
    await guard.query("rollback");
    expect(await call).toMatchObject({ outcome: "fired", results: [{ id: job.id, outcome: "enqueued" }] });
    expect((await provider.schedules()).schedules).toMatchObject([{ nextAt: 2_000, lastAt: 1_000 }]);
  });

  it("stay where they are when a job of the slot is refused", async () => {
    const provider = await scene.started();
    await provider.putSchedules([daily]);
    const refused = provider.fireSchedule(firingOf({ jobs: [jobOf(), jobOf({ priority: 99_999 })] }));
    await expect(refused).rejects.toMatchObject({ code: "JW_INVALID_INPUT" });
    expect((await provider.schedules()).schedules).toMatchObject([{ nextAt: 1_000 }]);
    expect(await provider.counts()).toEqual({});
  });

  it("are put by many providers at once, in any order", async () => {
    const providers = await Promise.all(Array.from({ length: 4 }, () => scene.started()));
    const all = Array.from({ length: 200 }, (_, n): NewSchedule => ({ ...daily, key: `key ${n}` }));
    const puts = providers.flatMap((provider, n) => [
      provider.putSchedules(n % 2 === 0 ? all : all.toReversed()),
      provider.removeSchedules(all.map(({ key }) => key).toReversed()),
      provider.putSchedules(all),
    ]);
    await Promise.all(puts);
    await providers[0]?.putSchedules(all);
    expect((await providers[0]?.schedules())?.schedules).toHaveLength(200);
  });

  it("wake the listeners of other processes when they fire", async () => {
    const [scheduler, worker] = [await scene.started(), await scene.started()];
    await scheduler.putSchedules([daily]);
    let heard = 0;
    worker.notifier?.subscribe(["mail"], () => heard++);
    await until(() => heard > 0);
    const before = heard;
    await scheduler.fireSchedule(firingOf());
    await until(() => heard > before);
    expect(await worker.claim(claimOf())).toHaveLength(1);
  });
});

describePostgres("changes and pauses on PostgreSQL", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  it("change a job before its claim, or not at all", async () => {
    const [operator, worker] = [await scene.started(), await scene.started()];
    for (let round = 0; round < 50; round++) {
      const job = jobOf();
      await operator.enqueue([job]);
      const [claimed, [outcome]] = await Promise.all([
        worker.claim(claimOf()),
        operator.change([{ id: job.id, delayMs: 60_000 }]),
      ]);
      expect(claimed).toHaveLength(outcome === "changed" ? 0 : 1);
      if (outcome === "changed") await operator.cancel([job.id]);
      else await worker.ack(claimed);
    }
  });

  it("wake the listeners of every queue that a resumed definition may have jobs in", async () => {
    const [operator, worker] = [await scene.started(), await scene.started()];
    await operator.pause({ name: "mail" });
    await operator.enqueue([jobOf({ queue: "a" }), jobOf({ queue: "b" })]);
    const heard = { a: 0, b: 0 };
    worker.notifier?.subscribe(["a"], () => heard.a++);
    worker.notifier?.subscribe(["b"], () => heard.b++);
    await until(() => heard.a > 0 && heard.b > 0);
    const before = { ...heard };
    await operator.resume({ name: "mail" });
    await until(() => heard.a > before.a && heard.b > before.b);
  });
});
