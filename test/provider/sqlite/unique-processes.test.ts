import BetterSqlite3 from "better-sqlite3";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sqlite, type SqliteProvider } from "../../../runtime/providers/sqlite/index.ts";

const moduleOf = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** What every process has: a provider on the file, and a way to make jobs with a key. */
const prelude = `
  import { once } from "node:events";
  import { createUuidV7 } from ${moduleOf("../../../runtime/core/uuid.ts")};
  import { sqlite } from ${moduleOf("../../../runtime/providers/sqlite/index.ts")};
  const newId = createUuidV7();
  const newJob = (key, more = {}) => ({ id: newId(), name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 1,
    payload: "1", unique: { key, scope: "live", onConflict: "ignore", ...more } });
  const say = (what) => process.stdout.write(JSON.stringify(what) + "\\n");
  const [path] = process.argv.slice(1);`;

const racing = `${prelude}
  const provider = sqlite({ path, durability: "normal" });
  await provider.start();
  say("ready");
  await once(process.stdin, "data");
  const single = Array.from({ length: 200 }, () => provider.enqueue([newJob("one")]));
  const bulk = Array.from({ length: 10 }, () => provider.enqueue(Array.from({ length: 20 }, (_, n) => newJob("k" + n))));
  const results = (await Promise.all([...single, ...bulk])).flat();
  await provider.stop();
  say(results.map(({ id, outcome }) => [id, outcome]));
  process.exit();`;

const holding = `${prelude}
  import BetterSqlite3 from ${JSON.stringify(import.meta.resolve("better-sqlite3"))};
  import { drizzle } from ${JSON.stringify(import.meta.resolve("drizzle-orm/better-sqlite3"))};
  const database = new BetterSqlite3(path);
  const provider = sqlite({ database });
  await provider.start();
  drizzle(database).transaction((tx) => {
    say(provider.enqueueInTransaction([newJob("one")], tx)[0].outcome);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

const storming = `${prelude}
  const provider = sqlite({ path, durability: "normal" });
  await provider.start();
  for (let round = 0; ; round++) {
    const jobs = Array.from({ length: 20 }, (_, n) => newJob("k" + n, { onConflict: "replace" }));
    const taken = await Promise.all(jobs.map((job) => provider.enqueue([job])));
    const ids = taken.flat().map(({ id }) => id);
    void provider.cancel(ids);
    void provider.requeue(ids.slice(0, 10));
    await provider.prune({ retentionMs: { cancelled: 0 }, limit: 5 });
    if (round === 20) say("storm");
  }`;

let folder: string;
let path: string;
let provider: SqliteProvider;
let children: ChildProcessWithoutNullStreams[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "jobwright-processes-"));
  path = join(folder, "jobs.db");
  children = [];
  provider = sqlite({ path, durability: "normal" });
  await provider.start();
});

afterEach(async () => {
  await provider.stop();
  await Promise.all(children.map(kill));
  rmSync(folder, { recursive: true });
});

interface Process {
  readonly child: ChildProcessWithoutNullStreams;
  /** The next line that it says. */
  heard(): Promise<unknown>;
}

function start(code: string): Process {
  const args = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", code, path];
  const child = spawn(process.execPath, args, { stdio: "pipe" });
  children.push(child);
  child.stderr.pipe(process.stderr);
  const lines = child.stdout.setEncoding("utf8").iterator() as AsyncIterator<string>; // of text, as an encoding is set
  let text = "";
  return {
    child,
    async heard() {
      while (!text.includes("\n")) {
        const { value, done } = await lines.next();
        if (done) throw new Error("The process ended without a word.");
        text += value;
      }
      const [line = "", ...rest] = text.split("\n");
      text = rest.join("\n");
      return JSON.parse(line) as unknown;
    },
  };
}

async function kill(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

const keyed = (n: number, key: string): Parameters<SqliteProvider["enqueue"]>[0][number] => ({
  id: `00000000-0000-7000-8000-00000000000${n}`,
  name: "work",
  queue: "work",
  version: 1,
  priority: 0,
  maxCrashes: 1,
  payload: "1",
  unique: { key, scope: "live", onConflict: "ignore" },
});

describe("unique keys on one file", () => {
  it("are taken once each by four processes that race for them, one by one and in bulk", async () => {
    const racers = Array.from({ length: 4 }, () => start(racing));
    await Promise.all(racers.map(({ heard }) => heard()));
    for (const { child } of racers) child.stdin.write("go");
    const said = await Promise.all(racers.map(({ heard }) => heard()));
    const results = said.flat() as [id: string, outcome: string][]; // what the process above says
    expect(results).toHaveLength(1_600);
    expect(results.filter(([, outcome]) => outcome === "enqueued")).toHaveLength(21);
    const { jobs } = await provider.list({ limit: 1_000 });
    expect(new Set(results.map(([id]) => id))).toEqual(new Set(jobs.map(({ id }) => id)));
  });

  it("are free after a process was killed in the transaction that took them", async () => {
    const { child, heard } = start(holding);
    expect(await heard()).toBe("enqueued");
    const waiting = provider.enqueue([keyed(1, "one")]);
    await kill(child);
    expect(await waiting).toMatchObject([{ outcome: "enqueued" }]);
    expect((await provider.list({})).jobs).toHaveLength(1);
  });

  it("belong to whole jobs after processes were killed amid a storm", async () => {
    const stormers = [start(storming), start(storming)];
    await Promise.all(stormers.map(({ heard }) => heard()));
    await Promise.all(stormers.map(({ child }) => kill(child)));
    const database = new BetterSqlite3(path);
    const column = (query: string): unknown => database.prepare(query).pluck().all();
    // The taker of every key is there, and remembers it.
    expect(
      column(`select k.key from jobwright_unique_keys k left join jobwright_unique_jobs u using (seq)
        left join jobwright_jobs j using (seq) where u.key is not k.key or j.seq is null`),
    ).toEqual([]);
    // Every job has its payload and its key, and nothing is there without a job.
    for (const table of ["jobwright_payloads", "jobwright_unique_jobs"]) {
      expect(
        column(`select seq from jobwright_jobs where seq not in (select seq from ${table})
          union all select seq from ${table} where seq not in (select seq from jobwright_jobs)`),
      ).toEqual([]);
    }
    // No key has two live jobs.
    expect(
      column(`select u.key from jobwright_jobs join jobwright_unique_jobs u using (seq)
        where state = 'ready' group by u.key having count(*) > 1`),
    ).toEqual([]);
    database.close();
  });
});
