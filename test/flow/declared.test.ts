import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  createClient,
  type FlowClient,
  type FlowHandle,
  type FlowOptions,
  type JobClient,
  type JobNode,
  type Provider,
  type SchemaDescriptor,
  type WorkflowDescriptor,
} from "../../runtime/codegen/v1.ts";
import { defineJobs, gt, job, workflow } from "../../runtime/schema/index.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { type Handler, workerOf } from "../worker/fixture.ts";

const retry = { maxAttempts: 1 } as const;

const schema = defineJobs({
  resize: job({ input: z.object({ picture: z.string() }), output: z.object({ file: z.string() }), retry }),
  sheet: job({
    input: z.object({ images: z.array(z.object({ file: z.string() })), title: z.string() }),
    output: z.object({ file: z.string(), pages: z.number() }),
    retry,
  }),
  mail: job({ input: z.object({ to: z.string(), file: z.string(), by: z.string().optional() }), retry }),
  alert: job({ input: z.object({ how: z.unknown() }), retry }),
  album: workflow({
    input: z.object({
      pictures: z.array(z.string()),
      title: z.string().default("Album"),
      limit: z.number().default(0),
    }),
    output: z.object({
      file: z.string(),
      pages: z
        .number()
        .transform((pages) => pages + 1)
        .pipe(z.number()),
    }),
    nodes: ({ input, nodes }) => ({
      alert: { job: "alert", input: { how: nodes.sheet.outcome }, after: { sheet: "failed" } },
      mail: {
        job: "mail",
        input: { to: "a@example.org", file: nodes.sheet.output.file, by: nodes.approved.output.by },
        if: gt(nodes.sheet.output.pages, input.limit),
      },
      approved: { signal: z.object({ by: z.string().trim() }) },
      sheet: { job: "sheet", input: { images: nodes.resize.output, title: input.title } },
      resize: { job: "resize", each: input.pictures, input: (picture) => ({ picture }) },
    }),
    result: ({ nodes }) => nodes.sheet.output,
  }),
  both: workflow({
    input: z.object({ wanted: z.boolean(), pictures: z.array(z.string()) }),
    output: z.object({ first: z.unknown(), second: z.unknown() }),
    nodes: ({ input, nodes }) => ({
      first: { workflow: "album", input: { pictures: input.pictures, title: "First", limit: 9 } },
      second: {
        workflow: "album",
        input: { pictures: [nodes.first.output.file], title: "Second", limit: 9 },
        if: input.wanted,
      },
    }),
    result: ({ nodes }) => ({ first: nodes.first.output.file, second: nodes.second.maybe.file }),
  }),
});

/** As codegen prints it: plain data. */
const workflows = Object.values(schema.workflows).map(
  ({ name, plan }) => JSON.parse(JSON.stringify({ name, plan })) as WorkflowDescriptor, // the same, without what JSON lacks
);

const descriptor: SchemaDescriptor = {
  format: 1,
  hash: "test",
  jobs: Object.values(schema.jobs).map(
    ({ input: _input, output: _output, errors: _errors, progress: _progress, ...rest }) => rest,
  ),
  workflows,
  loadSchema: () => Promise.resolve({ default: schema }),
};

interface AlbumInput {
  readonly pictures: string[];
  readonly title?: string;
  readonly limit?: number;
}

interface WorkflowClient<Input, Output, Signals> {
  enqueue(input: Input, options?: FlowOptions): Promise<FlowHandle<Output, Signals>>;
  handle(id: string): FlowHandle<Output, Signals>;
  node(input: unknown): JobNode<Output>;
}

interface Jobs {
  readonly album: WorkflowClient<AlbumInput, { file: string; pages: number }, { approved: { by: string } }>;
  readonly both: WorkflowClient<
    { wanted: boolean; pictures: string[] },
    { first: unknown; second?: unknown },
    Readonly<Record<"first/approved" | "second/approved", { by: string }>>
  >;
  readonly resize: JobClient<{ picture: string }, { file: string }>;
  readonly $flow: FlowClient;
}

async function createScene(given: Readonly<Record<string, Handler>> = {}) {
  const provider: Provider = createMemoryProvider();
  const ran: Record<string, unknown[]> = {};
  const standard: Readonly<Record<string, (input: never) => unknown>> = {
    resize: ({ picture }: { picture: string }) => ({ file: `${picture}.small` }),
    sheet: ({ images, title }: { images: { file: string }[]; title: string }) => ({
      file: `${title}: ${images.map(({ file }) => file).join()}`,
      pages: images.length,
    }),
    mail: () => undefined,
    alert: () => undefined,
  };
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
  const worker = await workerOf(provider, descriptor, handlers as Readonly<Record<string, Handler>>);
  await worker.start();
  const close = async () => {
    await worker.stop();
    await provider.stop();
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
    await flow.signal("inner/approved", { by: "Ada" });
    expect(await flow.result()).toEqual({ file: "Drawn: a.small.small" });
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
