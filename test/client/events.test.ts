import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import type { ClientEvents, JobEvents } from "../../runtime/client/events/types.ts";
import { createClient, type ClientOptions, type JobClient, type Provider } from "../../runtime/codegen/v1.ts";
import { createEncryptionKey } from "../../runtime/core/encryption.ts";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { createFakeClock, createMemoryProvider, faultInjecting } from "../../runtime/testing/index.ts";
import { createLog, createSignal, describeJobs, type Handler, type Numbered, workerOf } from "../worker/fixture.ts";

interface Sum {
  readonly sum: number;
}

interface Client {
  readonly work: JobClient<Numbered, Sum>;
  readonly other: JobClient<Numbered, undefined>;
  readonly $events: ClientEvents<{
    readonly work: JobEvents<"work", Sum, { readonly name: "Odd"; readonly data: { readonly n: number } }>;
    readonly other: JobEvents<"other", undefined>;
  }>;
}

const output = z.object({ sum: z.number() });
const errors = { Odd: z.object({ n: z.number() }) };
const descriptor = describeJobs({ work: { output, errors, discardOn: ["Odd"] }, other: {} });

const work: Handler = ({ n }, context) => {
  // The fixture's context has no declared errors.
  const { errors: declared } = context as unknown as { errors: { Odd: (data: Numbered) => Error } };
  if (n % 2 === 1) throw declared.Odd({ n });
  return { sum: n };
};

const stores: Record<string, () => Provider> = {
  memory: () => createMemoryProvider(),
  sqlite: () => sqlite(":memory:"),
};

async function setUp(provider: Provider, options: Partial<ClientOptions<Provider>> = {}) {
  const log = createLog();
  const jobs = await createClient<Client>(descriptor, {
    provider,
    logger: log,
    events: { poll: "10ms", late: "1s" },
    ...options,
  });
  onTestFinished(() => provider.stop());
  return { jobs, log };
}

async function runWorker(provider: Provider): Promise<void> {
  const worker = await workerOf(provider, descriptor, { work, other: () => undefined });
  await worker.start();
  onTestFinished(() => worker.stop().then(() => undefined));
}

describe.each(Object.entries(stores))("events of a client, on %s", (_name, open) => {
  it("tell each listener the ends that it asked for, with what the job left", async () => {
    const provider = open();
    const { jobs } = await setUp(provider);
    const heard: unknown[] = [];
    const [sent, dead, cancelled] = [createSignal<object>(), createSignal<object>(), createSignal<object>()];
    jobs.work.on("succeeded", sent.fire);
    jobs.$events.on("dead", dead.fire);
    jobs.$events.on("cancelled", cancelled.fire);
    jobs.other.on("succeeded", (event) => heard.push(event));
    const [even, odd, gone] = [
      await jobs.work.enqueue({ n: 2 }),
      await jobs.work.enqueue({ n: 3 }),
      await jobs.other.enqueue({ n: 1 }, { delay: "1h" }),
    ];
    await gone.cancel();
    await runWorker(provider);
    const base = { attempt: 1, endedAt: expect.any(Date) };
    expect(await sent.promise).toEqual({ ...base, job: "work", id: even.id, status: "succeeded", output: { sum: 2 } });
    expect(await dead.promise).toMatchObject({
      ...base,
      id: odd.id,
      status: "dead",
      reason: "discarded",
      failure: { name: "Odd", data: { n: 3 } },
      error: { name: "Odd" },
    });
    expect(await cancelled.promise).toMatchObject({ job: "other", id: gone.id, attempt: 0, reason: "cancelled" });
    expect(heard).toEqual([]);
  });

  it("stream on from a cursor, also after the provider was read by others", async () => {
    const provider = open();
    const { jobs } = await setUp(provider);
    const ids = (await jobs.other.enqueueMany([{ n: 1 }, { n: 2 }, { n: 3 }])).map(({ id }) => id);
    for (const id of ids) await jobs.other.handle(id).cancel();
    const cursors: string[] = [];
    const heard: string[] = [];
    for await (const { id, cursor } of jobs.$events.stream({ since: new Date(0) })) {
      heard.push(id);
      cursors.push(cursor);
      if (heard.length === 3) break;
    }
    expect(heard).toEqual(ids);
    const again = new Set<string>();
    for await (const { id } of jobs.$events.stream({ cursor: cursors[1] })) {
      again.add(id);
      if (id === ids[2]) break;
    }
    expect(again).toContain(ids[2]);
  });

  it("stream until the signal is aborted or the provider is stopped", async () => {
    const provider = open();
    const { jobs } = await setUp(provider);
    const abort = new AbortController();
    const aborted = jobs.$events.stream({ signal: abort.signal }).next();
    const stopped = jobs.$events.stream().next();
    abort.abort();
    expect(await aborted).toEqual({ done: true, value: undefined });
    await provider.stop();
    expect(await stopped).toEqual({ done: true, value: undefined });
  });
});

describe("a hint of the store", () => {
  it("is followed long before the poll, by a look that comes no sooner than 100 ms after the last one", async () => {
    const provider = createMemoryProvider();
    onTestFinished(() => provider.stop());
    let looks = 0;
    const counting: Provider = { ...provider, finished: (request) => (looks++, provider.finished(request)) };
    const client = await createClient<Client>(descriptor, { provider: counting, events: { poll: "1h" } });
    const heard: string[] = [];
    const all = createSignal();
    const stop = client.work.on("cancelled", ({ id }) => {
      heard.push(id);
      if (heard.length === 20) all.fire();
    });
    const startedAt = performance.now();
    const handles = await client.work.enqueueMany(Array.from({ length: 20 }, (_, n) => ({ n })));
    for (const handle of handles) await handle.cancel();
    await all.promise;
    expect(new Set(heard)).toEqual(new Set(handles.map(({ id }) => id)));
    expect(looks).toBeLessThanOrEqual(3 + (performance.now() - startedAt) / 100);
    stop();
  });

  it("is given to nobody who does not listen any more", async () => {
    const provider = createMemoryProvider();
    onTestFinished(() => provider.stop());
    const open = new Set<() => void>();
    const { notifier } = provider;
    if (!notifier) throw new Error("the memory provider has hints");
    const watched: Provider = {
      ...provider,
      notifier: {
        ...notifier,
        subscribeEnds(wake) {
          open.add(wake);
          return () => void open.delete(wake);
        },
      },
    };
    const client = await createClient<Client>(descriptor, { provider: watched });
    expect(open.size).toBe(0);
    const stops = [client.work.on("dead", () => {}), client.work.on("dead", () => {})];
    expect(open.size).toBe(1);
    for (const stop of stops) stop();
    const stream = client.$events.stream({ signal: AbortSignal.abort() });
    await stream.next();
    expect(open.size).toBe(0);
  });
});

describe("listeners of a client", () => {
  it("begin when they come, not with what ended before", async () => {
    const clock = createFakeClock();
    const { jobs } = await setUp(createMemoryProvider({ clock }));
    await (await jobs.other.enqueue({ n: 1 })).cancel();
    // More than the first answer of the store may take: ends so close before may be told.
    clock.advance(600_000);
    const first = createSignal<{ readonly id: string }>();
    jobs.$events.on("cancelled", first.fire);
    const after = await jobs.other.enqueue({ n: 1 });
    await after.cancel();
    expect(await first.promise).toMatchObject({ id: after.id });
  });

  it("go on when one of them throws, which is logged", async () => {
    const provider = createMemoryProvider();
    const { jobs, log } = await setUp(provider);
    const [first, second] = [createSignal(), createSignal()];
    jobs.other.on("cancelled", () => {
      throw new Error("mine");
    });
    jobs.other.on("cancelled", async () => {
      first.fire();
      await Promise.reject(new Error("later"));
    });
    jobs.other.on("cancelled", () => second.fire());
    const handle = await jobs.other.enqueue({ n: 1 });
    await handle.cancel();
    await Promise.all([first.promise, second.promise]);
    await expect.poll(() => log.lines.length).toBe(2);
    expect(log.lines[0]).toMatchObject({
      message: "a listener failed",
      fields: { err: new Error("mine"), event: "cancelled", job: "other", id: handle.id },
    });
  });

  it("share one reader, which is there as long as they are", async () => {
    const memory = createMemoryProvider();
    let reads = 0;
    let under = 0;
    let most = 0;
    const counting: Provider = {
      ...memory,
      async finished(request) {
        reads++;
        most = Math.max(most, ++under);
        const page = await memory.finished(request);
        under--;
        return page;
      },
    };
    const { jobs } = await setUp(counting);
    await (await jobs.other.enqueue({ n: 1 })).cancel();
    expect(reads).toBe(0);
    const stops = Array.from({ length: 20 }, () => jobs.$events.on("dead", () => undefined));
    await expect.poll(() => reads).toBeGreaterThan(3);
    for (const stop of stops) {
      stop();
      stop();
    }
    expect(most).toBe(1);
    const after = reads;
    // A poll of another client takes as long as the one that would come.
    await jobs.$events.stream({ since: new Date(0) }).next();
    await expect.poll(() => reads).toBe(after + 1);
    jobs.$events.on("dead", () => undefined);
    await expect.poll(() => reads).toBeGreaterThan(after + 3);
  });

  it("hear of ends that came while the store was away, which is logged", async () => {
    const memory = createMemoryProvider();
    const plan = Array.from({ length: 3 }, () => ({ call: "finished", fault: "fail-before" }) as const);
    const provider = faultInjecting(memory, plan);
    const { jobs, log } = await setUp(provider);
    const heard = createSignal<{ readonly id: string }>();
    jobs.other.on("cancelled", heard.fire);
    const handle = await jobs.other.enqueue({ n: 1 });
    await handle.cancel();
    expect(await heard.promise).toMatchObject({ id: handle.id });
    expect(provider.remaining()).toEqual([]);
    expect(log.lines.map(({ message }) => message)).toEqual(
      plan.map(() => "the ends of jobs cannot be read; the client goes on trying"),
    );
  });

  it("are told nothing of jobs that the schema does not have, and read the others", async () => {
    const provider = createMemoryProvider();
    const { jobs, log } = await setUp(provider);
    const more = await createClient<{ readonly third: JobClient<Numbered, undefined> }>(describeJobs({ third: {} }), {
      provider,
    });
    const heard: string[] = [];
    const last = createSignal();
    jobs.$events.on("cancelled", ({ id, job }) => {
      heard.push(id);
      if (job === "other") last.fire();
    });
    await (await more.third.enqueue({ n: 1 })).cancel();
    const handle = await jobs.other.enqueue({ n: 1 });
    await handle.cancel();
    await last.promise;
    expect([heard, log.lines]).toEqual([[handle.id], []]);
  });

  it("refuse an event that does not exist, and options that are none", async () => {
    const { jobs } = await setUp(createMemoryProvider());
    expect(() => jobs.other.on("retrying" as "dead", () => undefined)).toThrow("no event");
    expect(() => jobs.$events.stream({ cursor: "yesterday" })).toThrow("no event has");
    expect(() => jobs.$events.stream({ since: new Date(Number.NaN) })).toThrow("since is");
    const provider = createMemoryProvider();
    await expect(setUp(provider, { events: { poll: "1ms" } })).rejects.toMatchObject({ code: "JW_INVALID_OPTION" });
  });
});

describe("events of encrypted jobs", () => {
  const secret = describeJobs({ work: { output, errors, discardOn: ["Odd"], encrypted: true }, other: {} });
  const encryption = { keys: { a: createEncryptionKey() }, current: "a" };

  it("carry what the client's keys open, and say what they do not open", async () => {
    const provider = createMemoryProvider();
    onTestFinished(() => provider.stop());
    const events = { poll: "10ms" } as const;
    const jobs = await createClient<Client>(secret, { provider, encryption, events });
    const log = createLog();
    const keyless = await createClient<Client>(secret, { provider, events, logger: log });
    const [opened, dead, unreadable] = [createSignal<object>(), createSignal<object>(), createSignal<object>()];
    jobs.work.on("succeeded", opened.fire);
    jobs.work.on("dead", dead.fire);
    const stop = keyless.work.on("succeeded", () => undefined);
    await using worker = await workerOf(provider, secret, { work, other: () => undefined }, { encryption });
    await worker.start();
    const { id } = await jobs.work.enqueue({ n: 2 });
    await jobs.work.enqueue({ n: 3 });
    expect(await opened.promise).toMatchObject({ id, output: { sum: 2 } });
    expect(await dead.promise).toMatchObject({ failure: { name: "Odd", data: { n: 3 } }, error: { name: "Odd" } });
    await expect.poll(() => log.lines.map(({ message }) => message)).toEqual(["the end of a job cannot be read"]);
    stop();
    keyless.$events.on("unreadable", unreadable.fire);
    await jobs.work.enqueue({ n: 4 });
    expect(await unreadable.promise).toMatchObject({ state: "succeeded", error: { code: "JW_ENCRYPTION_KEY" } });
  });
});
