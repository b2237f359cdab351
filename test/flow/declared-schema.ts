import { z } from "zod";
import {
  type ControlClient,
  type FlowClient,
  type FlowHandle,
  type FlowOptions,
  type JobClient,
  type JobNode,
  type SchemaDescriptor,
  type SyncFlowOptions,
  type TransactionKind,
  type WorkflowDescriptor,
} from "../../runtime/codegen/v1.ts";
import { defineJobs, gt, job, workflow } from "../../runtime/schema/index.ts";

const retry = { maxAttempts: 1 } as const;

/** Workflows with everything that one can declare, of jobs that tell what they were given. */
export const schema = defineJobs({
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
      pictures: z.array(z.string().min(1)),
      title: z.string().trim().default("Album"),
      limit: z.coerce.number().default(0),
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
        input: { pictures: [nodes.first.output.file], title: " Second " },
        if: input.wanted,
      },
    }),
    result: ({ nodes }) => ({ first: nodes.first.output.file, second: nodes.second.maybe.file }),
  }),
  publish: workflow({
    input: z.object({ pictures: z.array(z.string()), tell: z.boolean() }),
    output: z.object({ file: z.string(), told: z.boolean() }),
    nodes: ({ input, nodes }) => ({
      album: { workflow: "album", input: { pictures: input.pictures } },
      pause: { timer: "50ms", after: { album: "succeeded" } },
      cover: { job: "resize", input: { picture: nodes.album.output.file }, after: { pause: "succeeded" } },
      tell: { job: "alert", input: { how: nodes.cover.output.file }, if: input.tell },
    }),
    result: ({ input, nodes }) => ({ file: nodes.cover.output.file, told: input.tell }),
  }),
  prints: workflow({
    input: z.object({ picture: z.string() }),
    nodes: ({ input, nodes }) => ({
      small: { job: "resize", input: { picture: input.picture } },
      large: { job: "resize", input: { picture: input.picture } },
      alert: {
        job: "alert",
        input: { how: nodes.small.outcome },
        after: { small: "failed", large: "failed" },
        any: true,
      },
    }),
  }),
});

/** As codegen prints it: plain data. */
const workflows = Object.values(schema.workflows).map(
  ({ name, plan }) => JSON.parse(JSON.stringify({ name, plan })) as WorkflowDescriptor, // the same, without what JSON lacks
);

export const descriptor: SchemaDescriptor = {
  format: 1,
  hash: "test",
  jobs: Object.values(schema.jobs).map(
    ({ input: _input, output: _output, errors: _errors, progress: _progress, ...rest }) => rest,
  ),
  workflows,
  loadSchema: () => Promise.resolve({ default: schema }),
};

const { album: graph } = defineJobs({
  album: workflow({
    input: z.object({ pictures: z.array(z.string()) }),
    output: z.object({ file: z.string(), pages: z.number() }),
    nodes: () => ({ approved: { signal: z.object({ by: z.string() }) } }),
    result: () => ({ file: "new", pages: 0 }),
  }),
}).workflows;

/** That of a later build, in which the album has another graph. */
export const changed: SchemaDescriptor = {
  ...descriptor,
  workflows: workflows.map((each) => (each.name === "album" && graph ? { name: "album", plan: graph.plan } : each)),
};

export interface AlbumInput {
  readonly pictures: string[];
  readonly title?: string;
  readonly limit?: unknown;
}

interface WorkflowClient<Input, Output, Signals, Tx extends TransactionKind> {
  enqueue(input: Input, options?: FlowOptions<Tx>): Promise<FlowHandle<Output, Signals>>;
  enqueue(input: Input, options: SyncFlowOptions<Tx>): FlowHandle<Output, Signals>;
  handle(id: string): FlowHandle<Output, Signals>;
  node(input: unknown): JobNode<Output>;
}

interface Approval {
  readonly by: string;
}

export interface Jobs<Tx extends TransactionKind = never> {
  readonly album: WorkflowClient<AlbumInput, { file: string; pages: number }, { approved: Approval }, Tx>;
  readonly both: WorkflowClient<
    { wanted: boolean; pictures: string[] },
    { first: unknown; second?: unknown },
    Readonly<Record<"first/approved" | "second/approved", Approval>>,
    Tx
  >;
  readonly publish: WorkflowClient<
    { pictures: string[]; tell: boolean },
    { file: string; told: boolean },
    { "album/approved": Approval },
    Tx
  >;
  readonly prints: WorkflowClient<{ picture: string }, undefined, Readonly<Record<string, never>>, Tx>;
  readonly resize: JobClient<{ picture: string }, { file: string }>;
  readonly alert: JobClient<{ how: unknown }, undefined>;
  readonly $flow: FlowClient;
  readonly $control: ControlClient;
}

/** What the jobs do. */
export const handlers = {
  resize: ({ picture }: { picture: string }) => ({ file: `${picture}.small` }),
  sheet: ({ images, title }: { images: { file: string }[]; title: string }) => ({
    file: `${title}: ${images.map(({ file }) => file).join()}`,
    pages: images.length,
  }),
  mail: () => undefined,
  alert: () => undefined,
};
