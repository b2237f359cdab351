import { afterEach, expect, it } from "vitest";
import type { Provider } from "../../../runtime/contract/index.ts";
import { describePostgres } from "../../support/postgres-suite.ts";
import { clientOf, createSignal, describeJobs, workerOf } from "../../worker/fixture.ts";
import { backends, createScene, jobOf, terminate, until, untilDone } from "./scene.ts";

const quick = { firstRetryMs: 10, maxRetryMs: 20 };

/** Counts what a provider hears of the queue `mail`; a new connection counts as well. */
function earOf(provider: Provider): { readonly heard: number } {
  let heard = 0;
  provider.notifier?.subscribe(["mail"], () => heard++);
  return {
    get heard() {
      return heard;
    },
  };
}

describePostgres("the listener of the PostgreSQL provider", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  /** Its last statement is LISTEN, until it probes. */
  const listens = "query ilike 'listen %'";

  /** Whoever listens hears of a job that another provider enqueues. */
  async function hears(ear: { readonly heard: number }): Promise<void> {
    const other = await scene.started();
    const before = ear.heard;
    await untilDone(() => other.enqueue([jobOf()]));
    await until(() => ear.heard > before);
  }

  it("that is terminated comes back, looks for what it missed, and hears again", async () => {
    const ear = earOf(await scene.started({}, quick));
    await until(() => ear.heard === 1);
    for (const connections of [2, 3]) {
      // One that was terminated stays in the view for a moment.
      await until(async () => (await backends(scene, listens)).length === 1);
      await terminate(scene, listens);
      await until(() => ear.heard === connections);
    }
    await hears(ear);
  });

  it("that is cut off in silence notices, and hears again", async () => {
    const { proxy, url } = await scene.link();
    const ear = earOf(await scene.started({ url }, { ...quick, probeEveryMs: 20, probeLimitMs: 200 }));
    await until(() => ear.heard === 1);
    proxy.silence();
    await until(() => ear.heard === 2);
    await hears(ear);
  });

  it("finds its server again after a crash", async () => {
    const ear = earOf(await scene.started({}, quick));
    await until(() => ear.heard === 1);
    await given.server.crash();
    await given.server.restart();
    await until(() => ear.heard === 2);
    await hears(ear);
  });

  it("that is never answered leaves the delivery to the poll", async () => {
    const { proxy, url } = await scene.link();
    const descriptor = describeJobs({ work: { queue: "mail" } });
    const deaf = await scene.started({ url }, { probeLimitMs: 60_000 });
    proxy.muteReplyTo("listen ");
    const ear = earOf(deaf);
    await proxy.withheld();
    const done = createSignal<number>();
    const worker = await workerOf(deaf, descriptor, { work: ({ n }) => done.fire(n) });
    await worker.start();
    const client = await clientOf(await scene.started(), descriptor);
    await client.work.enqueue({ n: 7 });
    expect(await done.promise).toBe(7);
    expect(ear.heard).toBe(0);
    await worker.stop();
  });
});
