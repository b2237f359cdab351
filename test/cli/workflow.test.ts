import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient, type FlowStatus } from "../../runtime/codegen/v1.ts";
import { descriptor, type Jobs } from "../flow/declared-schema.ts";
import { createScene, type Scene } from "../flow/fixture.ts";
import { runCommand, runForJson } from "./run.ts";

declare global {
  /** How the configuration, which the command loads, gets at the store of the test. */
  var storeOfWorkflowTest: unknown;
}

describe("jobwright workflow", () => {
  let folder: string;
  let config: string;
  let scene: Scene;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "jobwright-cli-"));
    config = join(folder, "jobwright.config.mts");
    writeFileSync(config, "export default { provider: () => globalThis.storeOfWorkflowTest };\n");
    scene = await createScene();
    // Commands stop their store; this one goes on.
    globalThis.storeOfWorkflowTest = { ...scene.provider, stop: () => Promise.resolve() };
  });
  afterEach(async () => {
    await scene[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const run = (...words: readonly string[]): Promise<string> => runCommand(config, ["workflow", ...words]);
  const runJson = (...words: readonly string[]): Promise<unknown> => runForJson(config, ["workflow", ...words]);

  function enqueueFailing(n = -1) {
    const { jobs } = scene;
    return jobs.$flow.enqueue((flow) => {
      const first = flow.add(jobs.double.node({ n }), { name: "first" });
      flow.add(jobs.double.node({ n: first.output.n }), { name: "second" });
    });
  }

  function enqueueWaiting() {
    const { jobs } = scene;
    return jobs.$flow.enqueue((flow) => {
      const go = flow.signal<{ text: string }>("go");
      flow.add(jobs.note.node({ text: go.output.text }));
    });
  }

  it("list tells of workflows, chains and batches, the newest first, and of nothing else", async () => {
    const jobs = await createClient<Jobs>(descriptor, { provider: scene.provider });
    const failed = await enqueueFailing();
    await failed.settled();
    const chain = await scene.jobs.$flow.chain(scene.jobs.double.node({ n: 1 })).enqueue();
    await chain.settled();
    await scene.jobs.double.enqueue({ n: 1 });
    const declared = await jobs.publish.enqueue({ pictures: [], tell: false });
    const shown = [
      { id: declared.id, name: "publish", state: "blocked" },
      { id: chain.id, state: "succeeded" },
      { id: failed.id, state: "dead", reason: "prerequisite" },
    ];
    expect(await runJson("list")).toMatchObject({ ok: true, workflows: shown });
    expect(await runJson("list", "--state", "dead", "succeeded")).toMatchObject({ workflows: shown.slice(1) });
    expect(await runJson("list", "--name", "publish")).toMatchObject({ workflows: shown.slice(0, 1) });
    expect(await runJson("list", "--limit", "1")).toMatchObject({ workflows: shown.slice(0, 1) });
    const text = await run("list");
    expect(text).toMatch(new RegExp(`^${declared.id} +publish +blocked +\\S+Z$`, "m"));
    expect(text).toMatch(new RegExp(`^${failed.id} +dead \\(prerequisite\\) +\\S+Z +\\S+Z +The node first`, "m"));
    expect(await run("list", "--name", "album")).toContain("no workflows");
    await expect(run("list", "--state", "lost")).rejects.toMatchObject({ code: "JW_USAGE" });
    await expect(run("list", "--limit", "0")).rejects.toMatchObject({ code: "JW_USAGE" });
  });

  it("show tells of every node, what it needs and why it was skipped", async () => {
    const flow = await enqueueFailing();
    await flow.settled();
    const { workflow } = (await runJson("show", flow.id)) as { readonly workflow: FlowStatus };
    expect(workflow).toMatchObject({
      id: flow.id,
      state: "dead",
      nodes: [
        { name: "first", job: "double", state: "dead", needs: [] },
        {
          name: "second",
          state: "skipped",
          cause: "first",
          needs: [{ node: "first", when: "succeeded", status: "broken" }],
        },
        { name: "end", kind: "end" },
      ],
    });
    const text = await run("show", flow.id);
    expect(text).toMatch(/second +double +skipped \(prerequisite\) +first succeeded: broken +first/);
  });

  it("show takes the id of any node", async () => {
    const flow = await enqueueFailing();
    await flow.settled();
    const { nodes } = await flow.status();
    for (const { id } of nodes) expect(await run("show", id)).toContain(`${flow.id} is dead`);
  });

  it("show --mermaid draws the nodes, with their states as classes", async () => {
    const flow = await enqueueFailing();
    await flow.settled();
    expect(await run("show", flow.id, "--mermaid")).toMatchInlineSnapshot(`
      "flowchart TD
        n0["first: double, dead"]
        n1["second: double, skipped"]
        n0 --> n1
        n2["end, dead"]
        n0 -->|"finished"| n2
        n1 -->|"finished"| n2
        classDef dead fill:#fce8e6,stroke:#5f6368,color:#202124
        class n0,n2 dead
        classDef skipped fill:#ffffff,stroke:#5f6368,color:#202124
        class n1 skipped"
    `);
  });

  it("retry runs again what did not succeed, and tells of each node", async () => {
    const flow = await enqueueFailing();
    await flow.settled();
    expect(await runJson("retry", flow.id)).toEqual({
      ok: true,
      outcomes: { first: "requeued", second: "requeued", end: "requeued" },
    });
    await flow.settled();
    expect(scene.ran["double"]).toHaveLength(2);
  });

  it("retry --from runs a node again that had succeeded", async () => {
    const flow = await enqueueFailing(1);
    await flow.settled();
    await run("retry", flow.id, "--from", "second");
    await flow.settled();
    expect(scene.ran["double"]).toEqual([{ n: 1 }, { n: 2 }, { n: 2 }]);
    await expect(run("retry", flow.id, "--from", "third")).rejects.toMatchObject({ code: "JW_NOT_FOUND" });
  });

  it("signal lets go on what waits for it, with its payload", async () => {
    const flow = await enqueueWaiting();
    expect(await runJson("signal", flow.id, "go", '{ "text": "now" }')).toEqual({ ok: true, taken: true });
    await flow.result();
    expect(scene.ran["note"]).toEqual([{ text: "now" }]);
    expect(await run("signal", flow.id, "go", "{}")).toBe("go had ended before");
    await expect(run("signal", flow.id, "go", "{")).rejects.toMatchObject({ code: "JW_USAGE" });
  });

  describe("signal to a workflow of the schema", () => {
    const url = (path: string): string => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);

    /** A configuration that knows the schema, or does not. */
    function configure(descriptor: boolean): void {
      const from = `export { descriptor as default } from ${url("test/flow/declared-schema.ts")};`;
      writeFileSync(join(folder, "descriptor.mts"), from);
      const given = descriptor ? 'import descriptor from "./descriptor.mts";\n' : "";
      writeFileSync(
        config,
        `${given}export default { provider: () => globalThis.storeOfWorkflowTest${descriptor ? ", descriptor" : ""} };\n`,
      );
    }

    async function begin() {
      const jobs = await createClient<Jobs>(descriptor, { provider: scene.provider });
      const declared = await jobs.publish.enqueue({ pictures: [], tell: false });
      const drawn = await jobs.$flow.enqueue(
        (draw) => void draw.add(jobs.album.node({ pictures: [] }), { name: "part" }),
      );
      return [
        { flow: declared, name: "album/approved" },
        { flow: drawn, name: "part/approved" },
      ];
    }
    const payloadOf = async (flow: { status(): Promise<FlowStatus> }, name: string): Promise<unknown> => {
      const node = (await flow.status()).nodes.find((each) => each.name === name);
      return (await scene.provider.get(node?.id ?? ""))?.output;
    };

    it("is refused if its payload does not fit, with place, reason and way out; nothing is stored", async () => {
      configure(true);
      for (const { flow, name } of await begin()) {
        await expect(run("signal", flow.id, name, '{ "by": 1 }')).rejects.toMatchObject({
          code: "JW_INVALID_INPUT",
          message: `The signal ${name} does not fit its schema at by: Invalid input: expected string, received number.`,
          hint: "What it carries is declared with approved of album.",
        });
        await expect(run("signal", flow.id, name)).rejects.toMatchObject({ code: "JW_INVALID_INPUT" });
        expect(await payloadOf(flow, name)).toBeUndefined();
        // What its schema makes of it is what is stored.
        expect(await run("signal", flow.id, name, '{ "by": " Ada " }')).toBe(`${name} goes on`);
        expect(await payloadOf(flow, name)).toBe('{"by":"Ada"}');
      }
    });

    it("is refused if there is no schema to be found", async () => {
      configure(false);
      for (const { flow, name } of await begin()) {
        await expect(run("signal", flow.id, name, '{ "by": "Ada" }')).rejects.toMatchObject({ code: "JW_CONFIG" });
        expect(await payloadOf(flow, name)).toBeUndefined();
      }
    });
  });

  it("signal takes what JSON lacks as it is stored", async () => {
    const { jobs } = scene;
    const flow = await jobs.$flow.enqueue((draw) => {
      const at = draw.signal<Date>("at");
      draw.add(jobs.note.node({ text: "now", at: at.output }));
    });
    await run("signal", flow.id, "at", '{ "$": "date", "v": 5 }');
    await flow.result();
    expect(scene.ran["note"]).toEqual([{ text: "now", at: new Date(5) }]);
  });

  it("cancel ends all that waits", async () => {
    const flow = await enqueueWaiting();
    expect(await run("cancel", flow.id)).toBe("cancelled");
    expect((await flow.settled()).status).toBe("cancelled");
  });

  it("refuses a job that is in no workflow, and an id that there is not", async () => {
    const job = await scene.jobs.double.enqueue({ n: 1 });
    await expect(run("show", job.id)).rejects.toMatchObject({ message: `Job ${job.id} is not part of a workflow.` });
    await expect(run("show", "0196f000-0000-7000-8000-00000000cafe")).rejects.toMatchObject({ code: "JW_NOT_FOUND" });
  });
});
