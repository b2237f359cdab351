import { createClient, type ClientEvents, type JobClient, type JobEvents } from "jobwright/codegen/v1";
import { createProvider } from "jobwright/provider";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Provider } from "../../runtime/contract/index.ts";
import { descriptor, type Work } from "./descriptor.ts";
import { optionsOf, type Place } from "./place.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

interface Output {
  readonly pid: number;
}

interface Jobs {
  readonly work: JobClient<Work, Output>;
  readonly $events: ClientEvents<{ readonly work: JobEvents<"work", Output> }>;
}

const nothing = (n: number): Work => ({ do: "nothing", ms: 0, n });

/** What a client hears of jobs that another process runs. `newPlace` makes an empty store. */
export function eventsSuite(newPlace: () => Place): void {
  let place: Place;
  let providers: Provider[];
  let worker: WorkerProcess | undefined;

  /** A client with a connection of its own, as another process has it. */
  async function connect(poll: "20ms" | "1h" = "20ms"): Promise<Jobs> {
    const provider = await createProvider(place.url, optionsOf(place));
    providers.push(provider);
    return await createClient<Jobs>(descriptor, { provider, events: { poll, late: "2s" } });
  }

  beforeEach(() => {
    place = newPlace();
    providers = [];
    worker = undefined;
  });

  afterEach(async () => {
    worker?.kill("SIGKILL");
    await worker?.exited;
    await Promise.all(providers.map((provider) => provider.stop()));
    await place.remove();
  });

  describe("events of another process", () => {
    it("reach a listener", async () => {
      const [producer, listener] = [await connect(), await connect()];
      const heard = new Promise<unknown>((resolve) => listener.work.on("succeeded", resolve));
      worker = startWorkerProcess(place);
      const { id } = await producer.work.enqueue(nothing(1));
      expect(await heard).toMatchObject({ job: "work", id, status: "succeeded", output: { pid: worker.pid } });
    });

    it.each(["listener", "stream"])("reach a %s long before its next poll", async (whose) => {
      const [producer, client] = [await connect(), await connect("1h")];
      worker = startWorkerProcess(place);
      await worker.seen(({ event }) => event === "ready");
      const stop = new AbortController();
      let heard = 0;
      const stream = async (): Promise<void> => {
        for await (const _ of client.$events.stream({ signal: stop.signal })) heard++;
      };
      const streamed = whose === "stream" ? stream() : Promise.resolve();
      if (whose === "listener") client.work.on("succeeded", () => heard++);
      // Before the worker knows that somebody listens, it does not tell.
      for (let n = 0; heard === 0; n++) await (await producer.work.enqueue(nothing(n))).result();
      stop.abort();
      await streamed;
      expect(heard).toBeGreaterThan(0);
    });

    it("all reach a stream that is broken off again and again, and goes on from its cursor elsewhere", async () => {
      const producer = await connect();
      worker = startWorkerProcess(place);
      const begin = new Date(0);
      const ids = new Set<string>();
      const heard = new Map<string, number>();
      let cursor: string | undefined;
      for (let round = 0; heard.size < 600; round++) {
        // So many at once end in groups of one time, and more of them while the consumer is away.
        if (round < 6) {
          const inputs = Array.from({ length: 100 }, (_, n) => nothing(n));
          for (const { id } of await producer.work.enqueueMany(inputs)) ids.add(id);
        }
        const consumer = await connect();
        let left = 1 + Math.floor(Math.random() * 150);
        for await (const event of consumer.$events.stream(cursor === undefined ? { since: begin } : { cursor })) {
          heard.set(event.id, (heard.get(event.id) ?? 0) + 1);
          ({ cursor } = event);
          if (--left === 0 || heard.size === ids.size) break;
        }
        await providers.pop()?.stop();
      }
      expect(new Set(heard.keys())).toEqual(ids);
    });
  });
}
