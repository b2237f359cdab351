import { describe, expect, it } from "vitest";
import { createClient, type FlowHandle, type JobContext, type Provider } from "../../runtime/codegen/v1.ts";
import { flowTag } from "../../runtime/core/flow/tags.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { createSignal, type Handler, workerOf } from "../worker/fixture.ts";
import { type AlbumInput, changed, descriptor, handlers as standard, type Jobs, schema } from "./declared-schema.ts";
import type { Store } from "./store.ts";

type Handlers = Readonly<Record<string, Handler>>;

const unfinished = { states: ["blocked", "scheduled", "ready", "running"] } as const;

/** States of its nodes, by their names. */
async function statesOf(
  flow: Pick<FlowHandle<unknown>, "status"> | undefined,
): Promise<Readonly<Record<string, string>>> {
  const { nodes = [] } = (await flow?.status()) ?? {};
  return Object.fromEntries(nodes.map(({ name, state }) => [name, state]));
}

/** Workflows of a schema on the stores that `openStore` makes; client and worker have a provider each. */
export function declaredSuite(openStore: () => Store): void {
  async function createScene(given: Handlers = {}) {
    const store = openStore();
    const provider: Provider = await store.open();
    const ran: Record<string, unknown[]> = {};
    const handlers = Object.fromEntries(
      Object.entries({ ...standard, ...given }).map(([name, handle]) => [
        name,
        (input: never, context: never) => {
          (ran[name] ??= []).push(input);
          return (handle as (input: never, context: never) => unknown)(input, context);
        },
      ]),
    );
    const jobs = await createClient<Jobs>(descriptor, { provider });
    const workers = await store.open();
    const worker = await workerOf(workers, descriptor, handlers as Handlers, { lease: "2s" });
    await worker.start();
    const close = async () => {
      await worker.stop();
      await Promise.all([provider.stop(), workers.stop()]);
      await store.remove();
    };
    return { jobs, ran, worker, provider, [Symbol.asyncDispose]: close };
  }

  const fails = () => {
    throw new Error("the disk is full");
  };

  describe("a workflow of the schema", () => {
    it("runs its nodes as they need each other, with the input as its schema completes it", async () => {
      await using scene = await createScene();
      const { jobs, ran } = scene;
      const flow = await jobs.album.enqueue({ pictures: ["a", "b"] });
      expect(await flow.signal("approved", { by: " Ada " })).toBe(true);
      expect(await flow.result()).toEqual({ file: "Album: a.small,b.small", pages: 3 });
      expect(ran["mail"]).toEqual([{ to: "a@example.org", file: "Album: a.small,b.small", by: "Ada" }]);
      expect(ran["alert"]).toBeUndefined();
    });

    it("leaves a node out whose condition is not true", async () => {
      await using scene = await createScene();
      const flow = await scene.jobs.album.enqueue({ pictures: ["a"], limit: 1 });
      await flow.signal("approved", { by: "Ada" });
      await flow.result();
      const { nodes } = await flow.status();
      expect(nodes.find(({ name }) => name === "mail")).toMatchObject({ state: "skipped", reason: "condition" });
    });

    it("runs what waits for a failure, and tells of its own output that it cannot be", async () => {
      await using scene = await createScene({ sheet: fails });
      const flow = await scene.jobs.album.enqueue({ pictures: ["a"] });
      await flow.signal("approved", { by: "Ada" });
      await expect(flow.result()).rejects.toMatchObject({ code: "JW_FLOW_FAILED" });
      expect(scene.ran["alert"]).toEqual([{ how: { status: "dead", error: "the disk is full" } }]);
    });

    it("refuses an input that does not fit, before anything is stored", async () => {
      await using scene = await createScene();
      const wrong = { pictures: [1] } as unknown as AlbumInput; // as JavaScript would
      await expect(scene.jobs.album.enqueue(wrong)).rejects.toMatchObject({
        code: "JW_INVALID_INPUT",
        message: expect.stringContaining("The input of album does not fit its schema at pictures[0]") as unknown,
      });
      expect((await scene.provider.list({ limit: 10 })).jobs).toEqual([]);
    });

    it("refuses the payload of a signal that does not fit, and still waits for it", async () => {
      await using scene = await createScene();
      const flow = await scene.jobs.album.enqueue({ pictures: [] });
      const wrong = { by: 1 } as unknown as { by: string }; // as JavaScript would
      await expect(flow.signal("approved", wrong)).rejects.toMatchObject({ code: "JW_INVALID_INPUT" });
      expect(await flow.signal("approved", { by: "Ada" })).toBe(true);
      await flow.result();
    });

    it("keeps the graph that it began with when another build has another one", async () => {
      const store = openStore();
      const [older, newer] = await Promise.all([store.open(), store.open()]);
      const begun = await (
        await createClient<Jobs>(descriptor, { provider: older })
      ).album.enqueue({ pictures: ["a"] });
      const jobs = await createClient<Jobs>(changed, { provider: newer });
      const worker = await workerOf(newer, changed, standard as unknown as Handlers);
      await worker.start();
      const flow = jobs.album.handle(begun.id);
      await flow.signal("approved", { by: "Ada" });
      expect(await flow.result()).toEqual({ file: "Album: a.small", pages: 2 });
      expect(Object.keys(await statesOf(flow))).toContain("mail");
      const next = await jobs.album.enqueue({ pictures: [] });
      await next.signal("approved", { by: "Ada" });
      expect(await next.result()).toEqual({ file: "new", pages: 1 });
      expect(Object.keys(await statesOf(next))).toEqual(["approved", "end"]);
      await worker.stop();
      await Promise.all([older.stop(), newer.stop()]);
      await store.remove();
    });

    it("is found again by its id", async () => {
      await using scene = await createScene();
      const { id } = await scene.jobs.album.enqueue({ pictures: ["a"] });
      const flow = scene.jobs.album.handle(id);
      await flow.signal("approved", { by: "Ada" });
      expect((await flow.settled()).status).toBe("succeeded");
    });

    it("is refused when the schema has it no more", async () => {
      const { album: _, ...rest } = schema.workflows;
      const stale = { ...schema, workflows: rest };
      const loadSchema = () => Promise.resolve({ default: stale });
      const client = createClient({ ...descriptor, loadSchema }, { provider: createMemoryProvider() });
      await expect(client).rejects.toMatchObject({ code: "JW_STALE_CLIENT" });
    });
  });

  describe("a workflow within another one", () => {
    it("is a node that gives its output, and its nodes have its name in front", async () => {
      await using scene = await createScene();
      const flow = await scene.jobs.both.enqueue({ wanted: true, pictures: ["a"] });
      await flow.signal("first/approved", { by: "Ada" });
      await flow.signal("second/approved", { by: "Ada" });
      expect(await flow.result()).toEqual({ first: "First: a.small", second: "Second: First: a.small.small" });
      const { nodes } = await flow.status();
      expect(nodes.map(({ name }) => name)).toContain("second/resize");
    });

    it("is left out as a whole when its condition is not true", async () => {
      await using scene = await createScene();
      const flow = await scene.jobs.both.enqueue({ wanted: false, pictures: ["a"] });
      await flow.signal("first/approved", { by: "Ada" });
      expect(await flow.result()).toEqual({ first: "First: a.small", second: undefined });
      const { nodes } = await flow.status();
      const second = nodes.filter(({ name }) => name.startsWith("second"));
      expect(new Set(second.map(({ state }) => state))).toEqual(new Set(["skipped"]));
    });

    it("does not begin, not even with what waits for a failure, when what it needs has failed", async () => {
      await using scene = await createScene({ resize: fails });
      const flow = await scene.jobs.both.enqueue({ wanted: true, pictures: ["a"] });
      await flow.signal("first/approved", { by: "Ada" });
      await expect(flow.result()).rejects.toMatchObject({ code: "JW_FLOW_FAILED" });
      const { nodes } = await flow.status();
      const began = nodes.filter(({ name, attempt }) => name.startsWith("second") && attempt > 0);
      expect(began).toEqual([]);
      expect(nodes.find(({ name }) => name === "second/alert")?.state).toBe("skipped");
    });

    it("does not begin with what waits for any of several failures either", async () => {
      await using scene = await createScene({ resize: fails });
      const { jobs } = scene;
      const flow = await jobs.$flow.enqueue((draw) => {
        const small = draw.add(jobs.resize.node({ picture: "a" }));
        draw.add(jobs.prints.node({ picture: small.output.file }), { name: "inner" });
        draw.add(jobs.prints.node({ picture: "b" }), { name: "known", after: [small] });
      });
      await expect(flow.result()).rejects.toMatchObject({ code: "JW_FLOW_FAILED" });
      expect(await statesOf(flow)).toMatchObject({ "inner/small": "skipped", "inner/alert": "skipped" });
      expect(await statesOf(flow)).toMatchObject({ "known/small": "skipped", "known/alert": "skipped" });
    });

    it("runs what waits for any of several failures when one of its own nodes fails", async () => {
      await using scene = await createScene({ resize: fails });
      const { jobs } = scene;
      const flow = await jobs.$flow.enqueue((draw) => draw.add(jobs.prints.node({ picture: "a" }), { name: "inner" }));
      await flow.result();
      expect(await statesOf(flow)).toMatchObject({ "inner/small": "dead", "inner/alert": "succeeded" });
    });

    it("is drawn into a flow at run time as well", async () => {
      await using scene = await createScene();
      const { jobs } = scene;
      const flow = await jobs.$flow.enqueue((draw) => {
        const small = draw.add(jobs.resize.node({ picture: "a" }));
        const album = draw.add(jobs.album.node({ pictures: [small.output.file], title: "Drawn", limit: 9 }), {
          name: "inner",
        });
        return { file: album.output.file };
      });
      await expect(flow.signal("inner/approved", { by: 1 })).rejects.toMatchObject({ code: "JW_INVALID_INPUT" });
      expect(await flow.signal("inner/approved", { by: "Ada" })).toBe(true);
      expect(await flow.result()).toEqual({ file: "Drawn: a.small.small" });
    });

    it("gets its input completed and changed by its schema, once for all of its nodes", async () => {
      await using scene = await createScene();
      const { jobs, ran } = scene;
      const flow = await jobs.$flow.enqueue((draw) => {
        const known = draw.add(jobs.album.node({ pictures: ["a"], title: " Known ", limit: "0" }), { name: "known" });
        draw.add(jobs.album.node({ pictures: ["b"], title: known.output.file, limit: "9" }), { name: "late" });
        draw.add(jobs.album.node({ pictures: [known.output.file] }), { name: "plain" });
      });
      for (const name of ["known", "late", "plain"]) await flow.signal(`${name}/approved`, { by: "Ada" });
      await flow.result();
      expect(ran["sheet"]?.map((input) => (input as { title: string }).title).toSorted()).toEqual(
        ["Known", "Known: a.small", "Album"].toSorted(),
      );
      expect(await statesOf(flow)).toMatchObject({
        "known/mail": "succeeded",
        "late/mail": "skipped",
        "plain/mail": "succeeded",
      });
      expect(Object.keys(await statesOf(flow)).filter((name) => name.endsWith("/input"))).toEqual([
        "late/input",
        "plain/input",
      ]);
    });

    it("is refused before anything is stored when its input does not fit, and takes nothing from nodes", async () => {
      await using scene = await createScene();
      const { jobs } = scene;
      const flows = [
        jobs.$flow.enqueue((draw) => void draw.add(jobs.album.node({ pictures: [1] }))),
        jobs.publish.enqueue({ pictures: [""], tell: true }),
      ];
      for (const flow of flows) {
        await expect(flow).rejects.toMatchObject({
          code: "JW_INVALID_INPUT",
          message: expect.stringContaining("The input of album does not fit its schema at pictures[0]") as unknown,
        });
      }
      expect((await scene.provider.list({ limit: 10 })).jobs).toEqual([]);
    });

    it("ends as a job does when what it takes from other nodes does not fit, and nothing of it begins", async () => {
      await using scene = await createScene({ resize: () => ({ file: "" }) });
      const { jobs, ran } = scene;
      const flow = await jobs.$flow.enqueue((draw) => {
        const small = draw.add(jobs.resize.node({ picture: "a" }));
        const inner = draw.add(jobs.album.node({ pictures: [small.output.file] }), { name: "inner" });
        draw.add(jobs.alert.node({ how: inner.outcome }), { name: "tell", after: [[inner, "failed"]] });
      });
      const settled = await flow.settled();
      expect(settled.status).toBe("succeeded");
      const { nodes } = await flow.status();
      for (const node of ["inner/input", "inner"]) {
        expect(nodes.find(({ name }) => name === node)).toMatchObject({ state: "dead", reason: "invalid-payload" });
      }
      expect(nodes.find(({ name }) => name === "inner/sheet")).toMatchObject({
        state: "skipped",
        cause: "inner/input",
      });
      const message = "What album takes from other nodes does not fit its schema at pictures[0]";
      expect(ran["alert"]).toEqual([{ how: { status: "dead", error: expect.stringContaining(message) as unknown } }]);
    });

    it("cannot be a member of a map", async () => {
      await using scene = await createScene();
      const { jobs } = scene;
      const flow = jobs.$flow.enqueue(
        (draw) => void draw.map(["a"], () => jobs.album.node({ pictures: [], title: "", limit: 0 })),
      );
      await expect(flow).rejects.toMatchObject({ code: "JW_INVALID_FLOW" });
    });
  });

  describe("a workflow of the schema as a whole", () => {
    it("goes through map, condition, signal, timer and the workflow within it", async () => {
      await using scene = await createScene();
      const { jobs, ran } = scene;
      const [told, silent] = await Promise.all(
        [true, false].map((tell) => jobs.publish.enqueue({ pictures: ["a", "b"], tell })),
      );
      for (const flow of [told, silent]) await flow?.signal("album/approved", { by: "Ada" });
      const file = "Album: a.small,b.small.small";
      expect(await told?.result()).toEqual({ file, told: true });
      expect(await silent?.result()).toEqual({ file, told: false });
      expect(ran["alert"]).toEqual([{ how: file }]);
      const { jobs: ends } = await scene.provider.list({ tags: [flowTag("publish")], states: ["succeeded"], limit: 9 });
      expect(new Set(ends.map(({ id }) => id))).toEqual(new Set([told?.id, silent?.id]));
      expect(await statesOf(silent)).toMatchObject({ "album/mail": "succeeded", pause: "succeeded", tell: "skipped" });
    });

    it("does not begin what a timer holds back", async () => {
      await using scene = await createScene();
      const flow = await scene.jobs.publish.enqueue({ pictures: [], tell: false });
      await flow.signal("album/approved", { by: "Ada" });
      await flow.result();
      const [ended, began] = await Promise.all(
        ["album", "pause"].map(async (node) => {
          const found = (await flow.status()).nodes.find(({ name }) => name === node);
          return (await scene.provider.get(found?.id ?? ""))?.finishedAt ?? 0;
        }),
      );
      expect((began ?? 0) - (ended ?? 0)).toBeGreaterThanOrEqual(50);
    });

    it("is cancelled with all that waits, and with what runs; what has ended stays as it is", async () => {
      const started = createSignal();
      const resize = async (input: { picture: string }, { signal }: JobContext) => {
        if (input.picture !== "slow") return { file: "fast" };
        started.fire();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return { file: "late" };
      };
      await using scene = await createScene({ resize: resize as unknown as Handler });
      const flow = await scene.jobs.publish.enqueue({ pictures: ["fast", "slow"], tell: true });
      await started.promise;
      const done = { "album/resize.members": "succeeded", "album/resize[0]": "succeeded" };
      await expect.poll(() => statesOf(flow)).toMatchObject(done);
      expect(await flow.cancel()).toBe("cancelled");
      await expect(flow.result()).rejects.toMatchObject({ code: "JW_JOB_CANCELLED" });
      // What runs is told with the next heartbeat.
      await expect.poll(() => scene.provider.counts(unfinished), { timeout: 20_000 }).toEqual({});
      expect(new Set(Object.values(await statesOf(flow)))).toEqual(new Set(["succeeded", "cancelled"]));
      expect(await statesOf(flow)).toMatchObject({
        ...done,
        "album/resize[1]": "cancelled",
        "album/approved": "cancelled",
        cover: "cancelled",
        end: "cancelled",
      });
      expect(scene.ran["sheet"]).toBeUndefined();
    });

    it("does not end before every node has, members of a map that has failed too", async () => {
      const started = createSignal();
      const go = createSignal();
      const resize = async ({ picture }: { picture: string }) => {
        if (picture === "bad") return fails();
        started.fire();
        await go.promise;
        return { file: picture };
      };
      await using scene = await createScene({ resize: resize as unknown as Handler });
      const { jobs } = scene;
      const flow = await jobs.publish.enqueue({ pictures: ["slow", "bad"], tell: true });
      await flow.signal("album/approved", { by: "Ada" });
      await started.promise;
      await expect.poll(() => statesOf(flow)).toMatchObject({ "album/resize": "skipped", "album/mail": "skipped" });
      // Had the ends been ready they would have been claimed before this one.
      await (await jobs.alert.enqueue({ how: "later" })).result();
      expect(await statesOf(flow)).toMatchObject({ "album/resize[0]": "running", album: "blocked", end: "blocked" });
      go.fire();
      await expect(flow.result()).rejects.toMatchObject({ code: "JW_FLOW_FAILED" });
      expect(await statesOf(flow)).toMatchObject({ "album/resize[0]": "succeeded", "album/resize[1]": "dead" });
    });

    it("takes a map for what its policy says, whatever became of its members", async () => {
      const resize = ({ picture }: { picture: string }) => (picture === "bad" ? fails() : { file: picture });
      await using scene = await createScene({ resize: resize as unknown as Handler });
      const { jobs } = scene;
      const flow = await jobs.$flow.enqueue((draw) => {
        const all = draw.map<string, { file: string }, never>(
          ["a", "bad"],
          (picture) => jobs.resize.node({ picture }),
          {
            name: "all",
            when: "finished",
          },
        );
        return all.outcome;
      });
      expect((await flow.result()).map(({ status }) => status)).toEqual(["succeeded", "dead"]);
    });

    it("is what became of its nodes: one that is cancelled fails it, one that is requeued runs alone", async () => {
      await using scene = await createScene();
      const { jobs, ran } = scene;
      const flow = await jobs.publish.enqueue({ pictures: ["a"], tell: true });
      const { nodes } = await flow.status();
      const idOf = (node: string): string => nodes.find(({ name }) => name === node)?.id ?? "";
      expect(await jobs.$control.cancel(idOf("album/approved"))).toEqual(["cancelled"]);
      await expect(flow.result()).rejects.toMatchObject({ code: "JW_FLOW_FAILED" });
      const failed = { "album/mail": "skipped", album: "dead", cover: "skipped", end: "dead" };
      expect(await statesOf(flow)).toMatchObject(failed);

      expect(await jobs.$control.requeue(idOf("album/sheet"))).toEqual(["requeued"]);
      await expect.poll(() => ran["sheet"]).toHaveLength(2);
      await scene.worker.idle();
      expect(await statesOf(flow)).toMatchObject({ "album/sheet": "succeeded", ...failed });
      expect(ran["resize"]).toHaveLength(1);
    });

    it("is kept as long as something needs it, and goes from its end to its beginning", async () => {
      await using scene = await createScene();
      const { jobs, provider } = scene;
      const flow = await jobs.publish.enqueue({ pictures: ["a"], tell: true });
      const prune = () => provider.prune({ retentionMs: { succeeded: 0, skipped: 0 }, limit: 1_000 });
      const left = async (): Promise<number> => (await provider.list({ limit: 100 })).jobs.length;
      const all = await left();
      await expect.poll(async () => (await statesOf(flow))["album/sheet"]).toBe("succeeded");
      await prune();
      expect(await left()).toBeGreaterThanOrEqual(all);
      await flow.signal("album/approved", { by: "Ada" });
      await flow.result();
      await expect.poll(async () => (await prune(), await left()), { timeout: 10_000 }).toBe(0);
    });

    it("is retried from a node: that one and all that needs it run again, and nothing else", async () => {
      await using scene = await createScene();
      const { jobs, ran } = scene;
      const flow = await jobs.publish.enqueue({ pictures: ["a", "b"], tell: true });
      await flow.signal("album/approved", { by: "Ada" });
      const result = await flow.result();
      const again = await flow.retry("album/sheet");
      expect(Object.keys(again).toSorted()).toEqual(
        ["album/sheet", "album/alert", "album/mail", "album", "pause", "cover", "tell", "end"].toSorted(),
      );
      expect(await flow.result()).toEqual(result);
      expect(ran["resize"]).toEqual([
        { picture: "a" },
        { picture: "b" },
        { picture: "Album: a.small,b.small" },
        { picture: "Album: a.small,b.small" },
      ]);
      expect(ran["mail"]).toHaveLength(2);
      expect(ran["alert"]).toHaveLength(2);
    });

    it("is retried after a failure, from the node that failed, in the workflow within it too", async () => {
      let isFull = true;
      const sheet: Handler = (input) => (isFull ? fails() : standard.sheet(input as never));
      await using scene = await createScene({ sheet });
      const { jobs, ran } = scene;
      const flow = await jobs.publish.enqueue({ pictures: ["a"], tell: true });
      await flow.signal("album/approved", { by: "Ada" });
      await expect(flow.result()).rejects.toMatchObject({ code: "JW_FLOW_FAILED" });
      expect(await statesOf(flow)).toMatchObject({ "album/sheet": "dead", album: "dead", pause: "skipped" });
      isFull = false;
      await flow.retry();
      expect(await flow.result()).toEqual({ file: "Album: a.small.small", told: true });
      expect(ran["resize"]).toEqual([{ picture: "a" }, { picture: "Album: a.small" }]);
      // It was for the failure, of which there is none any more.
      expect((await statesOf(flow))["album/alert"]).toBe("skipped");
    });
  });
}
