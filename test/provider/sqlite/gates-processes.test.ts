import BetterSqlite3 from "better-sqlite3";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Gate, NewJob } from "../../../runtime/contract/index.ts";
import { createUuidV7 } from "../../../runtime/core/uuid.ts";
import { sqlite, type SqliteProvider } from "../../../runtime/providers/sqlite/index.ts";
import { createFakeClock } from "../../../runtime/testing/index.ts";

const moduleOf = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** Works until nothing is left, and says how many of the limited jobs it ever saw running, and which jobs it settled. */
const working = `
  import BetterSqlite3 from ${JSON.stringify(import.meta.resolve("better-sqlite3"))};
  import { sqlite } from ${moduleOf("../../../runtime/providers/sqlite/index.ts")};
  const [path, loses] = process.argv.slice(1);
  const provider = sqlite({ path, durability: "normal" });
  await provider.start();
  const count = new BetterSqlite3(path).prepare("select count(*) from jobwright_jobs where state = ?").pluck();
  let most = 0;
  const settled = [];
  for (let n = 0; count.get("succeeded") < 300; n++) {
    const lanes = [{ queue: "work", limit: 5, handles: [{ name: "work", maxVersion: 1 }] }];
    const leases = await provider.claim({ claimId: String(n), workerId: String(process.pid), leaseMs: 60_000, lanes });
    most = Math.max(most, count.get("running"));
    if (loses && leases.length > 0 && n > 20) {
      process.stdout.write("holding\\n");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
    await provider.ack(leases);
    settled.push(...leases.map(({ id }) => id));
  }
  process.stdout.write(JSON.stringify({ most, settled }) + "\\n");
  process.exit();`;

let folder: string;
let path: string;
let provider: SqliteProvider;
let children: ChildProcessWithoutNullStreams[];
const clock = createFakeClock();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "jobwright-gates-"));
  path = join(folder, "jobs.db");
  children = [];
  provider = sqlite({ path, durability: "normal", clock });
  await provider.start();
});

afterEach(async () => {
  await provider.stop();
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

function start(...given: string[]): { readonly child: ChildProcessWithoutNullStreams; line(): Promise<string> } {
  const args = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", working, path, ...given];
  const child = spawn(process.execPath, args, { stdio: "pipe" });
  children.push(child);
  child.stderr.pipe(process.stderr);
  const output = child.stdout.setEncoding("utf8");
  return {
    child,
    async line() {
      let text = "";
      for await (const chunk of output) if ((text += chunk).includes("\n")) break;
      return text;
    },
  };
}

const newId = createUuidV7();
const byKey: Gate = { policy: "key", key: "key", kind: "concurrency", level: 2, limit: 2 };
const byQueue: Gate = { policy: "queue", key: "queue", kind: "concurrency", level: 6, limit: 3 };

/** Of two groups, each with a limit, within the limit of the queue. */
async function enqueueMany(): Promise<void> {
  const jobs = Array.from({ length: 300 }, (_, n): NewJob => {
    const gates = [{ ...byKey, key: n % 2 === 0 ? "even" : "odd" }, byQueue];
    return { id: newId(), name: "work", queue: "work", version: 1, priority: 0, maxCrashes: 9, payload: "1", gates };
  });
  await provider.enqueue(jobs);
}

describe("gates on one file", () => {
  it("let through so many as the limit, whichever of three processes claims and settles", async () => {
    await enqueueMany();
    const said = await Promise.all([start(), start(), start()].map(({ line }) => line()));
    const results = said.map((text) => JSON.parse(text) as { most: number; settled: string[] }); // what they say
    expect(Math.max(...results.map(({ most }) => most))).toBeLessThanOrEqual(3);
    expect(new Set(results.flatMap(({ settled }) => settled)).size).toBe(300);
    expect(results.flatMap(({ settled }) => settled)).toHaveLength(300);
  });

  it("lose no place and give none twice when a process is killed with leases in its hands", async () => {
    await enqueueMany();
    const { child, line } = start("loses");
    expect(await line()).toContain("holding");
    child.kill("SIGKILL");
    await once(child, "exit");
    const database = new BetterSqlite3(path);
    const column = (query: string): unknown[] => database.prepare(query).pluck().all();
    const admitted = "select count(*) from jobwright_jobs where state in ('ready', 'running')";
    expect(column(admitted)).toEqual([3]);
    // The process ran on the system's time.
    clock.set(Date.now() + 120_000);
    expect((await provider.reap(10)).readied).toBeGreaterThan(0);
    expect(column(admitted)).toEqual([3]);
    expect(JSON.parse(await start().line())).toMatchObject({ most: 3 });
    expect(await provider.counts()).toEqual({ work: { succeeded: 300 } });
    database.close();
  });
});
