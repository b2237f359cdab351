import { describe, expect, it } from "vitest";
import { createScene } from "./fixture.ts";

describe("a chain", () => {
  it("gives each link what the one before returned, dates and bigints included", async () => {
    await using scene = await createScene();
    const { jobs, ran } = scene;
    const flow = await jobs.$flow
      .chain(jobs.fetchPage.node({ url: "https://example.org" }))
      .next((fetched) => jobs.note.node({ text: fetched.output.url, at: fetched.output.at, size: fetched.output.size }))
      .enqueue();
    expect(await flow.result()).toBeUndefined();
    expect(ran["note"]).toEqual([{ text: "https://example.org", at: new Date("2026-01-02T03:04:05Z"), size: 12n }]);
  });

  it("ends with the output of its last link", async () => {
    await using scene = await createScene();
    const { jobs } = scene;
    const flow = await jobs.$flow
      .chain(jobs.double.node({ n: 1 }))
      .next((one) => jobs.double.node({ n: one.output.n }))
      .next((two) => jobs.double.node({ n: two.output.n }))
      .enqueue();
    expect(await flow.result()).toEqual({ n: 8 });
    const { nodes, state } = await flow.status();
    expect(state).toBe("succeeded");
    expect(nodes.map(({ name, state: at }) => [name, at])).toEqual([
      ["double", "succeeded"],
      ["double2", "succeeded"],
      ["double3", "succeeded"],
    ]);
  });

  it("skips what follows a link that failed, tells why, and goes on from there when it is retried", async () => {
    let broken = true;
    await using scene = await createScene({
      double: ({ n }) => {
        if (n === 2 && broken) throw new Error("the line is dead");
        return { n: 2 * n };
      },
    });
    const { jobs, ran } = scene;
    const flow = await jobs.$flow
      .chain(jobs.double.node({ n: 1 }))
      .next((one) => jobs.double.node({ n: one.output.n }))
      .next((two) => jobs.double.node({ n: two.output.n }))
      .enqueue();
    await expect(flow.result()).rejects.toMatchObject({ code: "JW_FLOW_FAILED" });
    const { nodes } = await flow.status();
    expect(nodes.map(({ state, cause }) => [state, cause])).toEqual([
      ["succeeded", undefined],
      ["dead", undefined],
      ["skipped", "double2"],
    ]);
    broken = false;
    expect(await flow.retry()).toEqual({ double2: "requeued", double3: "requeued" });
    expect(await flow.result()).toEqual({ n: 8 });
    expect(ran["double"]).toEqual([{ n: 1 }, { n: 2 }, { n: 2 }, { n: 4 }]);
  });

  it("is the same chain when it is enqueued again under its id", async () => {
    await using scene = await createScene();
    const { jobs, ran } = scene;
    const id = "0196f000-0000-7000-8000-00000000cafe";
    const enqueue = () =>
      jobs.$flow
        .chain(jobs.double.node({ n: 1 }))
        .next((one) => jobs.double.node({ n: one.output.n }))
        .enqueue({ id });
    await enqueue();
    expect(await (await enqueue()).result()).toEqual({ n: 4 });
    await scene.worker.idle();
    expect(ran["double"]).toHaveLength(2);
  });
});

describe("a batch", () => {
  it("gives the outputs of all members to what follows, in their order", async () => {
    await using scene = await createScene();
    const { jobs, ran } = scene;
    const flow = await jobs.$flow.batch(
      [1, 2, 3].map((n) => jobs.double.node({ n })),
      { follow: (batch) => jobs.sum.node({ ns: batch.output }) },
    );
    expect(await flow.result()).toBe(12);
    expect(ran["sum"]).toEqual([{ ns: [{ n: 2 }, { n: 4 }, { n: 6 }] }]);
  });

  it("gives the outcomes of all members when it may finish in any way", async () => {
    await using scene = await createScene();
    const { jobs } = scene;
    const flow = await jobs.$flow.batch(
      [1, -1].map((n) => jobs.double.node({ n })),
      { when: "finished", follow: (batch) => jobs.report.node({ outcomes: batch.outcome }) },
    );
    expect(await flow.result()).toEqual([
      { status: "succeeded", output: { n: 2 } },
      { status: "dead", failure: undefined, error: "-1 is negative" },
    ]);
  });

  it("skips what follows as soon as one member fails that had to succeed", async () => {
    await using scene = await createScene();
    const { jobs, ran } = scene;
    const flow = await jobs.$flow.batch(
      [1, -1].map((n) => jobs.double.node({ n })),
      { follow: (batch) => jobs.sum.node({ ns: batch.output }) },
    );
    await expect(flow.result()).rejects.toMatchObject({ code: "JW_FLOW_FAILED" });
    expect(ran["sum"]).toBeUndefined();
  });

  it("goes on with the first failure when it waits for one, and is skipped without any", async () => {
    await using scene = await createScene();
    const { jobs, ran } = scene;
    const follow = { when: "firstFailure", follow: () => jobs.note.node({ text: "failed" }) } as const;
    const failing = await jobs.$flow.batch(
      [1, -1].map((n) => jobs.double.node({ n })),
      follow,
    );
    expect(await failing.result()).toBeUndefined();
    expect(ran["note"]).toHaveLength(1);
    const fine = await jobs.$flow.batch(
      [1, 2].map((n) => jobs.double.node({ n })),
      follow,
    );
    expect(await fine.settled()).toEqual({ status: "skipped", reason: "condition" });
  });

  it("of nothing is complete", async () => {
    await using scene = await createScene();
    const { jobs } = scene;
    const flow = await jobs.$flow.batch([] as ReturnType<typeof jobs.double.node>[], {
      follow: (batch) => jobs.sum.node({ ns: batch.output }),
    });
    expect(await flow.result()).toBe(0);
    expect(await (await jobs.$flow.batch([])).result()).toEqual([]);
  });

  it("takes members while it is open, from whoever has its id", async () => {
    await using scene = await createScene();
    const { jobs } = scene;
    const batch = await jobs.$flow.openBatch({
      when: "finished",
      follow: (members) => jobs.report.node({ outcomes: members.outcome }),
    });
    await batch.add([jobs.double.node({ n: 1 }), jobs.double.node({ n: 2 })]);
    await scene.worker.idle();
    await jobs.$flow.batchHandle(batch.id).add([jobs.double.node({ n: 3 })]);
    await batch.close();
    expect(await batch.result()).toEqual([
      { status: "succeeded", output: { n: 2 } },
      { status: "succeeded", output: { n: 4 } },
      { status: "succeeded", output: { n: 6 } },
    ]);
    await expect(batch.add([jobs.double.node({ n: 4 })])).rejects.toMatchObject({ code: "JW_BATCH_CLOSED" });
    await batch.close();
  });

  it("lets a member that runs add others, also when it is closed", async () => {
    await using scene = await createScene({
      note: async () => {
        await scene.jobs.$flow.batchHandle(id).add([scene.jobs.double.node({ n: 5 })]);
      },
    });
    const batch = await scene.jobs.$flow.openBatch();
    const { id } = batch;
    await scene.jobs.$control.pause("work");
    await batch.add([scene.jobs.note.node({ text: "grow" })]);
    await batch.close();
    await scene.jobs.$control.resume("work");
    expect(await batch.result()).toEqual([
      { status: "succeeded", output: undefined },
      { status: "succeeded", output: { n: 10 } },
    ]);
  });
});

describe("a flow", () => {
  it("runs its nodes as their references say, and gives an output made of them", async () => {
    await using scene = await createScene();
    const { jobs } = scene;
    const flow = await jobs.$flow.enqueue((f) => {
      const a = f.add(jobs.double.node({ n: 1 }), { name: "a" });
      const b = f.add(jobs.double.node({ n: a.output.n }), { name: "b" });
      const c = f.add(jobs.double.node({ n: a.output.n }), { name: "c" });
      const d = f.add(jobs.sum.node({ ns: [b.output, c.output, { n: 100 }] }), { name: "d" });
      return { total: d.output, parts: [b.output.n, c.output.n] };
    });
    expect(await flow.result()).toEqual({ total: 108, parts: [4, 4] });
    expect((await flow.status()).nodes.map(({ name }) => name)).toEqual(["a", "b", "c", "d", "end"]);
  });

  it("makes a member for every item of an array that a node gives", async () => {
    await using scene = await createScene();
    const { jobs, ran } = scene;
    const flow = await jobs.$flow.enqueue((f) => {
      const start = f.add(jobs.fetchPage.node({ url: "x" }));
      const pages = f.map(start.output.links, (link) => jobs.fetchPage.node({ url: link }), { name: "pages" });
      return pages.output;
    });
    expect((await flow.result()).map(({ url }) => url)).toEqual(["a", "b", "c"]);
    expect(ran["fetchPage"]).toHaveLength(4);
    expect((await flow.status()).nodes.map(({ name }) => name)).toContain("pages[2]");
  });

  it("maps over nothing", async () => {
    await using scene = await createScene();
    const { jobs } = scene;
    const flow = await jobs.$flow.enqueue(
      (f) => f.map<number, { n: number }, never>([], (n) => jobs.double.node({ n })).output,
    );
    expect(await flow.result()).toEqual([]);
  });

  it("runs a node only if its condition is true, and passes over what needs it", async () => {
    await using scene = await createScene();
    const { jobs, ran } = scene;
    const draw = (n: number) =>
      jobs.$flow.enqueue((f) => {
        const value = f.add(jobs.double.node({ n }), { name: "value" });
        const large = f.add(jobs.double.node({ n: value.output.n }), {
          name: "large",
          if: jobs.$flow.gt<number>(value.output.n, 10),
        });
        f.add(jobs.note.node({ text: "large" }), { name: "then", after: [large] });
        f.add(jobs.note.node({ text: "always" }), { name: "join", after: [[large, "notFailed"]] });
        return { large: large.maybe };
      });
    const small = await draw(1);
    expect(await small.result()).toEqual({ large: undefined });
    expect((await small.status()).nodes.map(({ name, state, cause }) => [name, state, cause])).toEqual([
      ["value", "succeeded", undefined],
      ["large", "skipped", undefined],
      ["then", "skipped", "large"],
      ["join", "succeeded", undefined],
      ["end", "succeeded", undefined],
    ]);
    expect(await (await draw(6)).result()).toEqual({ large: { n: 24 } });
    expect(ran["note"]).toEqual([{ text: "always" }, { text: "large" }, { text: "always" }]);
  });

  it("fails when a node fails that nobody takes care of", async () => {
    await using scene = await createScene();
    const { jobs } = scene;
    const flow = await jobs.$flow.enqueue((f) => {
      f.add(jobs.double.node({ n: -1 }), { name: "bad" });
      f.add(jobs.double.node({ n: 1 }), { name: "good" });
    });
    await expect(flow.result()).rejects.toMatchObject({
      code: "JW_FLOW_FAILED",
      message: expect.stringContaining("The node bad"),
    });
  });

  it("succeeds when the failure of a node is taken care of", async () => {
    await using scene = await createScene();
    const { jobs, ran } = scene;
    const flow = await jobs.$flow.enqueue((f) => {
      const bad = f.add(jobs.double.node({ n: -1 }), { name: "bad" });
      f.add(jobs.sum.node({ ns: [bad.output] }), { name: "lost" });
      f.add(jobs.note.node({ text: "bad" }), { name: "alert", after: [[bad, "failed"]] });
    });
    expect(await flow.result()).toBeUndefined();
    expect(ran["note"]).toEqual([{ text: "bad" }]);
  });

  it("waits for a signal, which may come before anybody waits for it", async () => {
    await using scene = await createScene();
    const { jobs, ran } = scene;
    const flow = await jobs.$flow.enqueue((f) => {
      const approved = f.signal<{ by: string }>("approved");
      const first = f.add(jobs.double.node({ n: 1 }), { name: "first" });
      f.add(jobs.note.node({ text: approved.output.by }), { name: "thanks", after: [first] });
    });
    await scene.worker.idle();
    expect(await scene.jobs.$control.counts()).toMatchObject({ work: { blocked: 2, scheduled: 1 } });
    expect(await flow.signal("approved", { by: "Ada" })).toBe(true);
    expect(await flow.signal("approved", { by: "Bob" })).toBe(false);
    await flow.result();
    expect(ran["note"]).toEqual([{ text: "Ada" }]);
    await expect(flow.signal("denied")).rejects.toMatchObject({ code: "JW_NOT_FOUND" });
  });

  it("goes another way when no signal comes in time", async () => {
    await using scene = await createScene();
    const { jobs, ran } = scene;
    const flow = await jobs.$flow.enqueue((f) => {
      const approved = f.signal("approved", { timeout: "20ms" });
      f.add(jobs.note.node({ text: "late" }), { after: [[approved, "failed"]] });
    });
    await flow.result();
    expect(ran["note"]).toEqual([{ text: "late" }]);
  });

  it("waits for a timer", async () => {
    await using scene = await createScene();
    const { jobs } = scene;
    const began = Date.now();
    const flow = await jobs.$flow.enqueue((f) => {
      const first = f.add(jobs.double.node({ n: 1 }));
      const wait = f.timer("60ms", { after: [first] });
      f.add(jobs.note.node({ text: "later" }), { after: [wait] });
    });
    await flow.result();
    expect(Date.now() - began).toBeGreaterThanOrEqual(60);
  });

  it("is cancelled as a whole", async () => {
    await using scene = await createScene();
    const { jobs } = scene;
    const flow = await jobs.$flow.enqueue((f) => {
      const go = f.signal("go");
      f.add(jobs.note.node({ text: "never" }), { after: [go] });
    });
    expect(await flow.cancel()).toBe("cancelled");
    await expect(flow.result()).rejects.toMatchObject({ code: "JW_JOB_CANCELLED" });
    const { nodes } = await flow.status();
    expect(nodes.map(({ state }) => state)).toEqual(["cancelled", "cancelled", "cancelled"]);
  });

  it("is retried from a node, with all that needs it", async () => {
    await using scene = await createScene();
    const { jobs, ran } = scene;
    const flow = await jobs.$flow.enqueue((f) => {
      const a = f.add(jobs.double.node({ n: 1 }), { name: "a" });
      const b = f.add(jobs.double.node({ n: 10 }), { name: "b" });
      return f.add(jobs.sum.node({ ns: [a.output, b.output] }), { name: "c" }).output;
    });
    expect(await flow.result()).toBe(22);
    expect(Object.keys(await flow.retry("b"))).toEqual(["b", "c", "end"]);
    expect(await flow.result()).toBe(22);
    expect(ran["double"]).toEqual([{ n: 1 }, { n: 10 }, { n: 10 }]);
  });

  it("refuses to be drawn in a way that could never run", async () => {
    await using scene = await createScene();
    const { jobs } = scene;
    const draws: Parameters<typeof jobs.$flow.enqueue>[0][] = [
      (f) => {
        const a = f.add(jobs.double.node({ n: 1 }));
        f.add(jobs.double.node({ n: a.output.n }), { after: [[a, "failed"]] });
      },
      (f) => {
        const [a, b] = [f.add(jobs.double.node({ n: 1 })), f.add(jobs.double.node({ n: 1 }))];
        f.add(jobs.double.node({ n: a.output.n }), { after: [a, b], any: true });
      },
      (f) => {
        f.add(jobs.double.node({ n: 1 }), { name: "a" });
        f.add(jobs.double.node({ n: 1 }), { name: "a" });
      },
      (f) => f.add(jobs.double.node({ n: 1 }), { name: "a b" }),
      (f) => {
        const all = f.batch([f.add(jobs.double.node({ n: 1 }))], { when: "finished" });
        f.add(jobs.sum.node({ ns: all.output }));
      },
      (f) => f.map([1], (n) => jobs.double.node({ n }), { when: "firstFailure" }).output,
    ];
    for (const draw of draws) await expect(jobs.$flow.enqueue(draw)).rejects.toMatchObject({ code: "JW_INVALID_FLOW" });
    expect(await jobs.$control.counts()).toEqual({});
  });

  it("checks inputs without references before anything is enqueued, and others when they are made", async () => {
    await using scene = await createScene();
    const { jobs } = scene;
    const wrong = { n: "one" } as unknown as { n: number };
    await expect(
      jobs.$flow.enqueue((f) => {
        f.add(jobs.double.node({ n: 1 }));
        f.add(jobs.double.node(wrong));
      }),
    ).rejects.toMatchObject({ code: "JW_INVALID_INPUT" });
    expect(await jobs.$control.counts()).toEqual({});
    const flow = await jobs.$flow
      .chain(jobs.fetchPage.node({ url: "x" }))
      .next((fetched) => jobs.double.node({ n: fetched.output.url as unknown as number }))
      .enqueue();
    expect(await flow.settled()).toMatchObject({ status: "dead", reason: "invalid-payload" });
  });
});
