import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Provider } from "../../runtime/contract/index.ts";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { clientOf, describeJobs } from "../worker/fixture.ts";

const providers: Record<string, () => Provider> = {
  memory: () => createMemoryProvider(),
  sqlite: () => sqlite(":memory:"),
};

const unknownId = "0196f000-0000-7000-8000-00000000dead";
const output = z.object({ sum: z.number() });

describe.each(Object.entries(providers))("a handle, on %s", (_name, open) => {
  async function setUp() {
    const provider = open();
    const client = await clientOf(provider, describeJobs({ work: { output }, other: {} }));
    const handle = await client.work.enqueue({ n: 1 });
    return { provider, client, handle };
  }

  async function claim(provider: Provider) {
    const lanes = [{ queue: "work", limit: 1, handles: [{ name: "work", maxVersion: 1 }] }];
    const [lease] = await provider.claim({ claimId: "1", workerId: "w", leaseMs: 60_000, lanes });
    if (!lease) throw new TypeError("nothing to claim");
    return { id: lease.id, fence: lease.fence };
  }

  it("tells the state as it changes", async () => {
    const { provider, handle } = await setUp();
    expect(await handle.status()).toBe("ready");
    const lease = await claim(provider);
    expect(await handle.status()).toBe("running");
    await provider.ack([lease]);
    expect(await handle.status()).toBe("succeeded");
  });

  it("gives the output to everybody who waits, before and after the end", async () => {
    const { provider, client, handle } = await setUp();
    const waiting = [handle.result(), client.work.handle(handle.id).result()];
    await provider.ack([{ ...(await claim(provider)), output: '{"sum":3}' }]);
    expect(await Promise.all(waiting)).toEqual([{ sum: 3 }, { sum: 3 }]);
    expect(await handle.result()).toEqual({ sum: 3 });
  });

  it("refuses a stored output that does not fit the schema", async () => {
    const { provider, handle } = await setUp();
    await provider.ack([{ ...(await claim(provider)), output: '{"sum":"three"}' }]);
    await expect(handle.result()).rejects.toMatchObject({
      code: "JW_INVALID_OUTPUT",
      details: { issues: [{ path: ["sum"] }] },
    });
  });

  it("tells the progress: the number, or the value that the schema speaks of", async () => {
    const { provider, client, handle } = await setUp();
    expect(await handle.progress()).toBeUndefined();
    const lease = await claim(provider);
    await provider.report([{ ...lease, progress: 40 }]);
    await provider.note([{ ...lease, kind: "cursor", key: "$progress", text: '{"rows":2}' }]);
    expect(await handle.progress()).toBe(40);
    const typed = await clientOf(
      provider,
      describeJobs({ work: { progress: z.object({ rows: z.int() }) }, other: {} }),
    );
    expect(await typed.work.handle(handle.id).progress()).toEqual({ rows: 2 });
    await expect(client.other.handle(handle.id).progress()).rejects.toMatchObject({ code: "JW_NOT_FOUND" });
  });

  it("throws the last error of a dead job", async () => {
    const { provider, handle } = await setUp();
    const error = { name: "RangeError", message: "too far", stack: "RangeError: too far\n    at away" };
    await provider.nack([{ ...(await claim(provider)), outcome: "dead", reason: "discarded", error }]);
    await expect(handle.result()).rejects.toMatchObject({
      code: "JW_JOB_DEAD",
      message: `work ${handle.id} was given up (discarded): too far`,
      details: { reason: "discarded", attempt: 1 },
      cause: error,
    });
  });

  it("cancels a job that waits, once", async () => {
    const { handle } = await setUp();
    const waiting = expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_CANCELLED" });
    expect(await handle.cancel()).toBe("cancelled");
    await waiting;
    expect(await handle.cancel()).toBe("alreadyDone");
    expect(await handle.status()).toBe("cancelled");
  });

  it("asks for the end of a job that runs", async () => {
    const { provider, handle } = await setUp();
    const lease = await claim(provider);
    expect(await handle.cancel()).toBe("requested");
    await provider.ack([{ ...lease, output: '{"sum":3}' }]);
    await expect(handle.result()).rejects.toMatchObject({ code: "JW_JOB_CANCELLED" });
  });

  it("says that a job which nobody knows is not there", async () => {
    const { client } = await setUp();
    const handle = client.work.handle(unknownId);
    await expect(handle.status()).rejects.toMatchObject({ code: "JW_NOT_FOUND" });
    await expect(handle.result()).rejects.toMatchObject({ code: "JW_NOT_FOUND" });
    expect(await handle.cancel()).toBe("notFound");
  });

  it("says so when the id is that of another definition's job", async () => {
    const { client, handle } = await setUp();
    const wrong = client.other.handle(handle.id);
    await expect(wrong.status()).rejects.toMatchObject({
      code: "JW_NOT_FOUND",
      message: `Job ${handle.id} is a work, not a other.`,
    });
  });

  it("gives up waiting at the timeout, and can be asked again", async () => {
    const { provider, handle } = await setUp();
    await expect(handle.result({ timeout: "1ms" })).rejects.toMatchObject({
      code: "JW_WAIT_TIMEOUT",
      message: expect.stringContaining(handle.id),
    });
    await provider.ack([{ ...(await claim(provider)), output: '{"sum":3}' }]);
    expect(await handle.result({ timeout: "1h" })).toEqual({ sum: 3 });
  });

  it("refuses a timeout that is not a duration", async () => {
    const { handle } = await setUp();
    await expect(handle.result({ timeout: "soon" as "1s" })).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
  });

  it("stops waiting when its signal is aborted, with the signal's reason", async () => {
    const { handle } = await setUp();
    const controller = new AbortController();
    const waiting = handle.result({ signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(handle.result({ signal: controller.signal })).rejects.toBe(reason);
  });

  it("stops waiting when the provider is stopped", async () => {
    const { provider, handle } = await setUp();
    const waiting = expect(handle.result()).rejects.toMatchObject({ code: "JW_STOPPED" });
    await provider.stop();
    await waiting;
    await expect(handle.status()).rejects.toMatchObject({ code: "JW_STOPPED" });
  });

  it("belongs to a client whose control verbs reach the same jobs", async () => {
    const { client, handle } = await setUp();
    expect(await client.$control.counts()).toEqual({ work: { ready: 1 } });
    expect(await client.$control.cancel(handle.id, unknownId)).toEqual(["cancelled", "notFound"]);
    expect(await client.$control.requeue(handle.id, unknownId)).toEqual(["requeued", "notFound"]);
    expect((await client.$control.list()).jobs).toMatchObject([{ id: handle.id, state: "ready" }]);
    expect(await client.$control.get(unknownId)).toBeUndefined();
    await client.$control.pause("work");
    await client.$control.resume("work");
  });
});
