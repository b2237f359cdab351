import { z } from "zod";
import {
  createClient,
  type FlowClient,
  type JobClient,
  type Provider,
  type SchemaDescriptor,
  type Worker,
  type ControlClient,
} from "../../runtime/codegen/v1.ts";
import { createMemoryProvider } from "../../runtime/testing/index.ts";
import { type Definition, describeJobs, type Handler, retries, workerOf } from "../worker/fixture.ts";

/** Jobs that count: what flows do with them is easy to tell. */

const page = z.object({ url: z.string(), links: z.array(z.string()), size: z.bigint(), at: z.date() });

const definitions: Readonly<Record<string, Definition>> = {
  fetchPage: { input: z.object({ url: z.string() }), output: page },
  double: { input: z.object({ n: z.number() }), output: z.object({ n: z.number() }), retry: retries(1) },
  sum: { input: z.object({ ns: z.array(z.object({ n: z.number() })) }), output: z.number() },
  report: { input: z.object({ outcomes: z.array(z.unknown()) }), output: z.array(z.unknown()) },
  note: { input: z.object({ text: z.string(), at: z.date().optional(), size: z.bigint().optional() }) },
};

const descriptor: SchemaDescriptor = {
  ...describeJobs(definitions),
};

type Page = z.output<typeof page>;
type N = { readonly n: number };

export interface Jobs {
  readonly fetchPage: JobClient<{ url: string }, Page>;
  readonly double: JobClient<{ n: number }, { n: number }>;
  readonly sum: JobClient<{ ns: readonly N[] }, number>;
  readonly report: JobClient<{ outcomes: readonly unknown[] }, unknown[]>;
  readonly note: JobClient<{ text: string; at?: Date; size?: bigint }, undefined>;
  readonly $flow: FlowClient;
  readonly $control: ControlClient;
}

/** The wire forms of `page`, as codegen would emit them. */
const pageCodec = {
  encode: (value: unknown) => {
    const { size, at, ...rest } = value as Page; // validated before
    return { ...rest, size: size.toString(), at: at.getTime() };
  },
  decode: (wire: unknown) => {
    const { size, at, ...rest } = wire as { size: string; at: number };
    return { ...rest, size: BigInt(size), at: new Date(at) };
  },
};

const noteCodec = {
  encode: (value: unknown) => {
    const { size, at, ...rest } = value as { size?: bigint; at?: Date };
    return { ...rest, ...(size === undefined ? {} : { size: size.toString() }), ...(at ? { at: at.getTime() } : {}) };
  },
  decode: (wire: unknown) => {
    const { size, at, ...rest } = wire as { size?: string; at?: number };
    return {
      ...rest,
      ...(size === undefined ? {} : { size: BigInt(size) }),
      ...(at === undefined ? {} : { at: new Date(at) }),
    };
  },
};

const withCodecs: SchemaDescriptor = {
  ...descriptor,
  jobs: descriptor.jobs.map((job) => {
    if (job.name === "fetchPage") return { ...job, output: pageCodec };
    return job.name === "note" ? { ...job, input: noteCodec } : job;
  }),
};

export interface Scene extends AsyncDisposable {
  readonly provider: Provider;
  readonly jobs: Jobs;
  readonly worker: Worker;
  /** Inputs of the jobs that ran, by name, in their order. */
  readonly ran: Readonly<Record<string, unknown[]>>;
}

/** A client and a worker that runs. `double` fails for negative numbers. */
export async function createScene(
  given: Readonly<Record<string, Handler>> = {},
  provider: Provider = createMemoryProvider(),
): Promise<Scene> {
  await provider.migrate();
  await provider.start();
  const jobs = await createClient<Jobs>(withCodecs, { provider });
  const ran: Record<string, unknown[]> = {};
  const at = new Date("2026-01-02T03:04:05Z");
  const standard: Readonly<Record<string, (input: never) => unknown>> = {
    fetchPage: ({ url }: { url: string }) => ({ url, links: ["a", "b", "c"], size: 12n, at }),
    double: ({ n }: N) => {
      if (n < 0) throw new RangeError(`${n} is negative`);
      return { n: 2 * n };
    },
    sum: ({ ns }: { ns: readonly N[] }) => ns.reduce((total, { n }) => total + n, 0),
    report: ({ outcomes }: { outcomes: unknown[] }) => outcomes,
    note: () => undefined,
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
  const worker = await workerOf(provider, withCodecs, handlers as Readonly<Record<string, Handler>>);
  await worker.start();
  return {
    provider,
    jobs,
    worker,
    ran,
    async [Symbol.asyncDispose]() {
      await worker.stop();
      await provider.stop();
    },
  };
}
