import BetterSqlite3 from "better-sqlite3";
import fc from "fast-check";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type ClaimRequest,
  type FinalState,
  isFinalState,
  type JobRecord,
  needConditions,
  type Needs,
  type NewJob,
  type Rejection,
} from "../../../runtime/contract/index.ts";
import { decisions, endKindOf, verdict } from "../../../runtime/core/needs.ts";
import { createUuidV7 } from "../../../runtime/core/uuid.ts";
import { sqlite, type SqliteProvider } from "../../../runtime/providers/sqlite/index.ts";

const moduleOf = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** Works in calls of five until the last job has succeeded, and says which jobs it settled. */
const working = `
  import BetterSqlite3 from ${JSON.stringify(import.meta.resolve("better-sqlite3"))};
  import { sqlite } from ${moduleOf("../../../runtime/providers/sqlite/index.ts")};
  const [path, last] = process.argv.slice(1);
  const provider = sqlite({ path, durability: "normal" });
  await provider.start();
  const state = new BetterSqlite3(path).prepare("select state from jobwright_jobs where id = ?").pluck();
  const settled = [];
  for (let n = 0; state.get(last) !== "succeeded"; n++) {
    const lanes = [{ queue: "work", limit: 5, handles: [{ name: "work", maxVersion: 1 }] }];
    const leases = await provider.claim({ claimId: String(n), workerId: String(process.pid), leaseMs: 60_000, lanes });
    await provider.ack(leases);
    settled.push(...leases.map(({ id }) => id));
  }
  process.stdout.write(JSON.stringify(settled));
  process.exit();`;

/** Is killed in the transaction of an ack, after the end of the job was written, when its edge is about to be. */
const dying = `
  import BetterSqlite3 from ${JSON.stringify(import.meta.resolve("better-sqlite3"))};
  import { sqlite } from ${moduleOf("../../../runtime/providers/sqlite/index.ts")};
  const database = new BetterSqlite3(process.argv[1]);
  const provider = sqlite({ database });
  await provider.start();
  const lanes = [{ queue: "work", limit: 1, handles: [{ name: "work", maxVersion: 1 }] }];
  const leases = await provider.claim({ claimId: "1", workerId: "dying", leaseMs: 1, lanes });
  database.function("die", () => process.kill(process.pid, "SIGKILL"));
  database.exec("create temp trigger dies before update on jobwright_edges begin select die(); end");
  await provider.ack(leases);`;

let folder: string;
let path: string;
let children: ChildProcess[];
let providers: SqliteProvider[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jobwright-needs-"));
  path = join(folder, "jobs.db");
  children = [];
  providers = [];
});

afterEach(async () => {
  await Promise.all(providers.map((provider) => provider.stop()));
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

async function open(file = path): Promise<SqliteProvider> {
  const provider = sqlite({ path: file, durability: "normal" });
  providers.push(provider);
  await provider.start();
  return provider;
}

function start(program: string, ...given: string[]) {
  const args = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", program, path, ...given];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return child;
}

const newId = createUuidV7();
const job = (given: Partial<NewJob> = {}): NewJob => {
  return { id: newId(), name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 9, payload: "1", ...given };
};
const needing = (parents: readonly NewJob[]): NewJob =>
  job({ needs: { of: parents.map(({ id }) => ({ id, when: "succeeded" })), mode: "all" } });

let claims = 0;
const claimOf = (limit: number): ClaimRequest => {
  const lanes = [{ queue: "work", limit, handles: [{ name: "work", maxVersion: 1 }] }];
  return { claimId: `${++claims}`, workerId: "w", leaseMs: 60_000, lanes };
};

describe("jobs that need others, on one file", () => {
  it("run once each, after all that they need, whichever of three processes ends the last of those", async () => {
    const provider = await open();
    const rounds: NewJob[][] = [];
    for (let round = 0; round < 4; round++) {
      const before = rounds.at(-1)?.at(-1);
      const members = Array.from({ length: 60 }, () => (before ? needing([before]) : job()));
      rounds.push([...members, needing(members)]);
    }
    const jobs = rounds.flat();
    await provider.enqueue(jobs);
    const last = jobs.at(-1)?.id ?? "";
    const workers = [start(working, last), start(working, last), start(working, last)];
    const said = await Promise.all(workers.map(({ stdout }) => text(stdout)));
    const settled = said.flatMap((list) => JSON.parse(list) as string[]); // what they say
    expect(settled.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
    const database = new BetterSqlite3(path);
    const early = `select count(*) from jobwright_edges
      join jobwright_jobs as child on child.seq = child join jobwright_jobs as parent on parent.seq = parent
      where child.started_at < parent.finished_at or status <> 'met'`;
    expect(database.prepare(early).pluck().get()).toBe(0);
    database.close();
  });

  it("lose no step when a process is killed between the end of a job and the decision of its edge", async () => {
    const provider = await open();
    const parent = job();
    const child = needing([parent]);
    await provider.enqueue([parent, child]);
    const [, signal] = (await once(start(dying), "exit")) as [unknown, string]; // what Node gives
    expect(signal).toBe("SIGKILL");
    expect((await provider.get(parent.id))?.state).toBe("running");
    expect((await provider.get(child.id))?.state).toBe("blocked");
    expect(await provider.reap(10)).toEqual({ readied: 1, ended: 0 });
    await provider.ack(await provider.claim(claimOf(10)));
    expect((await provider.claim(claimOf(10))).map(({ id }) => id)).toEqual([child.id]);
  });
});

/** What a job needs, as distances to jobs before it; how it ends if it runs. */
interface Node {
  readonly back: readonly number[];
  readonly when: (typeof needConditions)[number];
  readonly mode: Needs["mode"];
  readonly end: "ack" | "dead" | "skip";
}

const nodes = fc.array(
  fc.record<Node>({
    back: fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 3 }),
    when: fc.constantFrom(...needConditions),
    mode: fc.constantFrom("all", "any"),
    end: fc.constantFrom("ack", "ack", "dead", "skip"),
  }),
  { minLength: 20, maxLength: 40 },
);

function jobsOf(graph: readonly Node[]): readonly NewJob[] {
  const ids = graph.map(() => newId());
  return graph.map(({ back, when, mode }, index) => {
    const of = back.flatMap((distance) => ids[index - distance] ?? []).map((id) => ({ id, when }));
    return job({ id: ids[index] ?? "", ...(of.length > 0 ? { needs: { of, mode } } : {}) });
  });
}

/** Claims and settles until nothing is left; returns the jobs that it ran. */
async function work(provider: SqliteProvider, ends: ReadonlyMap<string, Node["end"]>): Promise<readonly string[]> {
  const ran: string[] = [];
  for (let counts = await provider.counts(); ; counts = await provider.counts()) {
    const { ready = 0, running = 0, blocked = 0 } = counts["work"] ?? {};
    if (ready + running + blocked === 0) return ran;
    if (ready + running === 0) throw new Error("jobs wait for nothing that could happen");
    const leases = await provider.claim(claimOf(3));
    ran.push(...leases.map(({ id }) => id));
    const error = { name: "Error", message: "planned" };
    const rejections = leases.flatMap(({ id, fence }): Rejection[] => {
      const end = ends.get(id);
      if (end === "dead") return [{ id, fence, outcome: "dead", reason: "discarded", error }];
      return end === "skip" ? [{ id, fence, outcome: "skip" }] : [];
    });
    const completions = leases.filter(({ id }) => ends.get(id) === "ack");
    await Promise.all([provider.nack(rejections), provider.ack(completions)]);
  }
}

/** What a job that has ended is to those that need it. */
function kindOf({ state, reason }: JobRecord): ReturnType<typeof endKindOf> {
  expect(isFinalState(state)).toBe(true);
  return endKindOf(state as FinalState, reason); // it was looked at
}

describe("random graphs, worked off by four connections at once", () => {
  it("come out as the tables say, and every job runs once at most", async () => {
    let graphs = 0;
    const property = fc.asyncProperty(nodes, async (graph) => {
      const file = join(folder, `${++graphs}.db`);
      const all = [await open(file), await open(file), await open(file), await open(file)];
      const [first] = all;
      const jobs = jobsOf(graph);
      await first?.enqueue(jobs);
      const ends = new Map(jobs.map(({ id }, index) => [id, graph[index]?.end ?? "ack"]));
      const ran = (await Promise.all(all.map((provider) => work(provider, ends)))).flat();
      expect(new Set(ran).size).toBe(ran.length);
      const page = await first?.list({ limit: 1_000 });
      const records = new Map(page?.jobs.map((record) => [record.id, record]));
      for (const { id, needs } of jobs) {
        if (!needs) continue;
        const statuses = needs.of.map((need) => {
          const record = records.get(need.id);
          if (!record) throw new Error("it was enqueued");
          return decisions[need.when][kindOf(record)];
        });
        const found = verdict(needs.mode, statuses);
        expect([id, ran.includes(id)]).toEqual([id, found === "go"]);
      }
      await Promise.all(all.map((provider) => provider.stop()));
    });
    await fc.assert(property, { numRuns: 15 });
  }, 60_000);
});
