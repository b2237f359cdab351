import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { createProject, type Project } from "../generator/support/project.ts";
import { root } from "./pack.ts";

const schema = `
import { defineJobs, job, workflow } from "jobwright/schema";
import { z } from "zod";
const output = z.object({ at: z.date() });
const input = z.object({ to: z.string(), copies: z.int().default(1) });
export default defineJobs({
  send: job({ input, output, unique: { by: ["to"] } }),
  refined: job({ input: input.refine(({ to }) => to !== "nobody", "not to nobody") }),
  keyed: job({ input, unique: { by: (given) => given.to.toLowerCase() } }),
  limited: job({ input, concurrency: { limit: 1, by: (given) => given.to } }),
  coerced: job({ input, output: z.object({ n: z.coerce.number() }) }),
  flow: workflow({ input, nodes: ({ input: given }) => ({ first: { job: "send", input: given } }) }),
});
`;

const producer = `import { sqlite } from "jobwright/sqlite";
import { createJobs } from "./generated/index.ts";

const provider = sqlite(process.argv[2] ?? "");
const jobs = await createJobs({ provider, schema: false });
const codeOf = (work: () => unknown) => Promise.resolve().then(work).then(() => "ok", (error) => error.code);
const to = "ada";
const handle = await jobs.send.enqueue({ to });
console.log(JSON.stringify({
  outcome: (await jobs.send.enqueue({ to })).outcome,
  misfit: await codeOf(() => jobs.send.enqueue({ to: 5 as unknown as string })),
  refined: await codeOf(() => jobs.refined.enqueue({ to: "nobody" })),
  keyed: await codeOf(() => jobs.keyed.enqueue({ to })),
  ownKey: await codeOf(() => jobs.keyed.enqueue({ to }, { unique: "mine" })),
  limited: await codeOf(() => jobs.limited.enqueue({ to })),
  flow: await codeOf(() => jobs.flow.enqueue({ to })),
  send: handle.id,
  scheduled: await jobs.send.schedule("later", { cron: "0 0 1 1 *", input: { to } }),
  misscheduled: await codeOf(() => jobs.send.schedule("never", { cron: "0 0 30 2 *", input: { to } })),
}));
await provider.stop();
`;

const worker = `import { sqlite } from "jobwright/sqlite";
import { createJobs, createWorker } from "./generated/index.ts";

const provider = sqlite(process.argv[2] ?? "");
const handlers = {
  send: async ({ copies }: { copies: number }) => ({ at: new Date(copies) }),
  refined: () => {}, keyed: () => {}, limited: () => {}, coerced: () => ({ n: 1 }),
};
const worker = await createWorker({ provider, handlers, heartbeat: "main" });
await worker.start();
await worker.idle();
await worker.stop();
const jobs = await createJobs({ provider });
const { jobs: dead } = await jobs.$control.list({ names: ["refined"] });
console.log(JSON.stringify(dead.map(({ state, reason }) => [state, reason])));
await provider.stop();
`;

const reader = `import { sqlite } from "jobwright/sqlite";
import { createJobs } from "./generated/index.ts";

const provider = sqlite(process.argv[2] ?? "");
const jobs = await createJobs({ provider, schema: false });
const { at } = await jobs.send.handle(process.argv[3] ?? "").result();
console.log(JSON.stringify(at.getTime()));
await provider.stop();
`;

/** What a process loads at its start: the entry, and the chunks that it imports by a statement. */
interface Bundle {
  /** Bytes, minified. */
  readonly size: number;
  readonly gzipped: number;
  /** Files that something of it came from. */
  readonly files: readonly string[];
}

/** What esbuild tells of a file that it wrote. */
interface Output {
  readonly entryPoint?: string;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
}

/** Writes `<entry>.mjs` and its chunks into the folder `out`. */
function bundle({ folder }: Project, entry: string, out: string): Bundle {
  const aliases = ["sqlite", "codegen/v1"].map((name) => {
    const file = name === "sqlite" ? "providers/sqlite/index" : name;
    return `--alias:jobwright/${name}=${join(root, `dist/runtime/${file}.js`)}`;
  });
  const esbuild = join(root, "node_modules/esbuild/bin/esbuild");
  const target = ["--bundle", "--minify", "--format=esm", "--splitting", "--platform=node", "--log-level=error"];
  const external = ["better-sqlite3", "drizzle-orm"].map((name) => `--external:${name}`);
  const metafile = join(out, `${entry}.json`);
  const files = [`--outdir=${out}`, "--out-extension:.js=.mjs", `--metafile=${metafile}`];
  execFileSync(esbuild, [entry, ...target, ...external, ...aliases, ...files], { cwd: folder });
  const { outputs } = JSON.parse(readFileSync(metafile, "utf8")) as {
    readonly outputs: Readonly<Record<string, Output>>;
  }; // esbuild's format
  const loaded = loadedAtStart(outputs, entry);
  const texts = loaded.map((path) => readFileSync(resolve(folder, path)));
  const inputs = loaded.flatMap((path) => Object.entries(outputs[path]?.inputs ?? {}));
  return {
    size: texts.reduce((sum, text) => sum + text.length, 0),
    gzipped: texts.reduce((sum, text) => sum + gzipSync(text).length, 0),
    files: inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file),
  };
}

function loadedAtStart(outputs: Readonly<Record<string, Output>>, entry: string): readonly string[] {
  const found = new Set(Object.keys(outputs).filter((path) => outputs[path]?.entryPoint === entry));
  // A set goes on with what is added while it is gone through.
  for (const path of found) {
    for (const { path: next, kind } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && outputs[next]) found.add(next);
    }
  }
  return [...found];
}

describe("a bundle", () => {
  let project: Project;
  let place: string;
  const run = (file: string, ...args: readonly string[]): unknown =>
    JSON.parse(execFileSync(process.execPath, [file, ...args], { cwd: place, encoding: "utf8" }));

  beforeAll(async () => {
    project = createProject({
      "jobs.schema.ts": schema,
      "producer.ts": producer,
      "reader.ts": reader,
      "worker.ts": worker,
    });
    project.write("only-jobs.ts", 'export { createJobs } from "./generated/index.ts";\n');
    project.write("only-worker.ts", 'export { createWorker } from "./generated/index.ts";\n');
    await generate({ cwd: project.folder });
    // Where the bundles run there is neither the schema, nor zod, nor jobwright.
    place = mkdtempSync(join(tmpdir(), "jobwright-bundle-"));
    mkdirSync(join(place, "node_modules"));
    for (const name of ["better-sqlite3", "bindings", "file-uri-to-path", "drizzle-orm"])
      symlinkSync(join(root, "node_modules", name), join(place, "node_modules", name));
  });

  afterAll(() => {
    project[Symbol.dispose]();
    rmSync(place, { recursive: true });
  });

  it("of a client has no code of workers, no schema and no zod, loads no cron parser at its start, and stays small", () => {
    const { files, size, gzipped } = bundle(project, "only-jobs.ts", place);
    expect(
      files.filter((file) =>
        /\/(?:zod|croner)\/|runtime\/(?:schema|worker|maintenance)\/|generator\/|schema\.ts/.test(file),
      ),
    ).toEqual([]);
    expect(size).toBeLessThan(74_000);
    expect(gzipped).toBeLessThan(28_000);
  });

  it("of a worker has no code of clients and no zod, and stays small", () => {
    const { files, size, gzipped } = bundle(project, "only-worker.ts", place);
    expect(files.filter((file) => /\/zod\/|runtime\/(?:schema|client)\/|generator\/|schema\.ts/.test(file))).toEqual(
      [],
    );
    expect(size).toBeLessThan(122_000);
    expect(gzipped).toBeLessThan(43_000);
  });

  it("enqueues and awaits jobs without the schema, and leaves to the worker what only zod can check", () => {
    const store = join(project.folder, "jobs.db");
    bundle(project, "producer.ts", place);
    bundle(project, "reader.ts", place);
    const said = run("producer.mjs", store) as Readonly<Record<string, string>>; // what it prints
    expect(said).toEqual({
      outcome: "deduplicated",
      misfit: "JW_INVALID_INPUT",
      refined: "ok",
      keyed: "JW_SCHEMA_NEEDED",
      ownKey: "ok",
      limited: "JW_SCHEMA_NEEDED",
      flow: "JW_SCHEMA_NEEDED",
      send: expect.stringMatching(/^[0-9a-f-]{36}$/),
      scheduled: "send/later",
      misscheduled: "JW_INVALID_OPTION",
    });
    const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
    const env = { ...process.env, TSX_TSCONFIG_PATH: join(project.folder, "tsconfig.json") };
    const worked = execFileSync(process.execPath, [tsx, "worker.ts", store], {
      cwd: project.folder,
      env,
      encoding: "utf8",
    });
    expect(JSON.parse(worked)).toEqual([["dead", "invalid-payload"]]);
    expect(run("reader.mjs", store, said["send"] ?? "")).toBe(1);
  });
});
