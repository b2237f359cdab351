import { z } from "zod";
import { describe, expect, it } from "vitest";
import {
  createClient,
  type FlowBuilder,
  type FlowClient,
  type FlowHandle,
  type JobClient,
  type JobNode,
  type SchemaDescriptor,
  type Templated,
} from "../../runtime/codegen/v1.ts";
import { defineJobs, job, workflow } from "../../runtime/schema/index.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { describeJobs, workerOf } from "../worker/fixture.ts";

const encryption = { keys: { only: new Uint8Array(32).fill(7) }, current: "only" };
const amount = z.object({ amount: z.number() });
const amounts = z.object({ amounts: z.array(z.object({ amount: z.number() })) });

const declared = defineJobs({
  pay: job({ input: amount, output: amount, encrypted: true }),
  tell: job({ input: amount, output: amount }),
  settle: workflow({ input: amount, nodes: ({ input }) => ({ pay: { job: "pay", input: { amount: input.amount } } }) }),
  around: workflow({ input: amount, nodes: ({ input }) => ({ inner: { workflow: "settle", input } }) }),
  report: workflow({
    input: amount,
    nodes: ({ input }) => ({ tell: { job: "tell", input: { amount: input.amount } } }),
  }),
});

const jobsOnly = describeJobs({
  pay: { input: amount, output: amount, encrypted: true },
  payAll: { input: amounts, output: amounts, encrypted: true },
  tell: { input: amount, output: amount },
  tellAll: { input: amounts, output: amounts },
});

const schema: SchemaDescriptor = {
  ...jobsOnly,
  workflows: Object.values(declared.workflows).map(({ name, plan }) => ({ name, plan })),
  loadSchema: async () => {
    const { default: module } = (await jobsOnly.loadSchema()) as { default: object }; // by describeJobs
    return { default: { ...module, workflows: declared.workflows } };
  },
};

type Amount = { readonly amount: number };
type Amounts = { readonly amounts: readonly Amount[] };

interface Jobs {
  readonly pay: JobClient<Amount, Amount>;
  readonly payAll: JobClient<Amounts, { amounts: Amount[] }>;
  readonly tell: JobClient<Amount, Amount>;
  readonly tellAll: JobClient<Amounts, { amounts: Amount[] }>;
  readonly settle: Part;
  readonly around: Part;
  readonly report: Part;
  readonly $flow: FlowClient;
}

interface Part {
  enqueue(input: Amount): Promise<FlowHandle<undefined>>;
  node(input: Templated<Amount>): JobNode<undefined>;
}

type Draw = (flow: FlowBuilder, jobs: Jobs) => unknown;

async function createStore() {
  const provider = createMemoryProvider();
  await provider.migrate();
  await provider.start();
  const jobs = await createClient<Jobs>(schema, { provider, encryption });
  const handlers = Object.fromEntries(schema.jobs.map(({ name }) => [name, (input: unknown) => input]));
  /** All that the store has of its jobs, as text. */
  const stored = async (): Promise<string> => JSON.stringify((await provider.list({ limit: 100 })).jobs);
  return { provider, jobs, stored, worker: await workerOf(provider, schema, handlers, { encryption }) };
}

describe("a flow with encrypted jobs", () => {
  const secret = 4_711_081_5;

  it.each<[string, Draw, string]>([
    ["its own output", (f, jobs) => f.add(jobs.pay.node({ amount: 1 })).output, "output of pay,"],
    [
      "its own output, in a part of it",
      (f, jobs) => ({ a: [f.add(jobs.pay.node({ amount: 1 })).output.amount] }),
      "pay",
    ],
    [
      "its own output, as outcome of a batch",
      (f, jobs) =>
        f.batch([f.add(jobs.tell.node({ amount: 1 })), f.add(jobs.pay.node({ amount: 1 }))], { name: "all" }).outcome,
      "output of all,",
    ],
    [
      "its own output, as outputs of a map",
      (f, jobs) => f.map([], (item) => jobs.pay.node({ amount: item }), { name: "all" }).output,
      "output of all,",
    ],
    [
      "the items of a map over jobs in clear",
      (f, jobs) => {
        const all = f.add(jobs.payAll.node({ amounts: [] }));
        f.map(all.output.amounts, ({ amount: each }) => jobs.tell.node({ amount: each }), { name: "told" });
      },
      "told takes an output of payAll,",
    ],
    [
      "the inputs of a map over jobs in clear",
      (f, jobs) => {
        const one = f.add(jobs.pay.node({ amount: 1 }));
        f.map([1], () => jobs.tell.node({ amount: one.output.amount }), { name: "told" });
      },
      "told takes an output of pay,",
    ],
    [
      "a map over encrypted jobs, as items of its own",
      (f, jobs) => void f.map([secret], (item) => jobs.pay.node({ amount: item }), { name: "paid" }),
      "paid maps over pay, which is encrypted",
    ],
    [
      "a map over encrypted jobs, as inputs of its own",
      (f, jobs) => {
        const all = f.add(jobs.tellAll.node({ amounts: [] }));
        f.map(all.output.amounts, () => jobs.pay.node({ amount: secret }), { name: "paid" });
      },
      "paid maps over pay, which is encrypted",
    ],
    [
      "the input of a workflow, taken from an encrypted job",
      (f, jobs) => {
        const paid = f.add(jobs.pay.node({ amount: 1 }));
        f.add(jobs.report.node({ amount: paid.output.amount }));
      },
      "The input of report has an output of pay,",
    ],
    [
      "the input of a workflow, with values for its encrypted jobs",
      (f, jobs) => {
        const told = f.add(jobs.tell.node({ amount: 1 }));
        f.add(jobs.around.node({ amount: secret, more: told.output } as { amount: number }));
      },
      "The input of around has values for encrypted jobs,",
    ],
  ])("is refused if it would have to keep in clear %s", async (_, draw, message) => {
    const { jobs, stored } = await createStore();
    const enqueued = jobs.$flow.enqueue((f) => draw(f, jobs));
    await expect(enqueued).rejects.toMatchObject({
      code: "JW_INVALID_FLOW",
      message: expect.stringContaining(message) as string,
      hint: expect.stringMatching(/\.$/) as string,
    });
    expect(await stored()).toBe("[]");
  });

  it("hands values from one to the next, also through maps and batches, and the store never sees them", async () => {
    const { provider, jobs, stored, worker } = await createStore();
    const flow = await jobs.$flow.enqueue((f) => {
      const all = f.add(jobs.payAll.node({ amounts: [{ amount: secret }] }));
      const paid = f.map(all.output.amounts, ({ amount: each }) => jobs.pay.node({ amount: each }));
      const again = f.batch([f.add(jobs.pay.node({ amount: secret }), { name: "again" })]);
      f.add(jobs.payAll.node({ amounts: paid.output }), { name: "last", after: [again] });
    });
    expect(await stored()).not.toContain(String(secret));
    await worker.start();
    await flow.result();
    await worker.stop();
    expect(await stored()).not.toContain(String(secret));
    const last = await jobs.payAll
      .handle((await flow.status()).nodes.find(({ name }) => name === "last")?.id ?? "")
      .result();
    expect(last).toEqual({ amounts: [{ amount: secret }] });
    await provider.stop();
  });

  it("hands what is known to a workflow within it, and the store never sees it", async () => {
    const { provider, jobs, stored, worker } = await createStore();
    const flow = await jobs.around.enqueue({ amount: secret });
    expect(await stored()).not.toContain(String(secret));
    await worker.start();
    await flow.result();
    await worker.stop();
    expect(await stored()).not.toContain(String(secret));
    await provider.stop();
  });

  it("may tell in clear that one of them has ended, and what follows from it", async () => {
    const { provider, jobs, worker } = await createStore();
    await worker.start();
    const flow = await jobs.$flow.enqueue((f) => {
      const paid = f.add(jobs.pay.node({ amount: secret }));
      return f.add(jobs.tell.node({ amount: 1 }), { after: [paid] }).output;
    });
    expect(await flow.result()).toEqual({ amount: 1 });
    await worker.stop();
    await provider.stop();
  });
});
