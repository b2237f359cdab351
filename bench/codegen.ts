import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";

/** Cold `codegen` of large schemas, and what their clients cost the compiler. Alone: `npx tsx bench/codegen.ts`. */
export interface CodegenResult {
  readonly jobs: number;
  /** The whole process, nothing generated before and nothing cached: median of five. */
  readonly coldMs: number;
  readonly fastestMs: number;
  /** Type instantiations of a program that enqueues and handles every job, beyond those of an empty file. */
  readonly instantiations: number;
  readonly checkSeconds: number;
}

const cli = new URL("../dist/generator/cli/main.js", import.meta.url).pathname;
const tsc = new URL("../node_modules/typescript/bin/tsc", import.meta.url).pathname;

export async function measureCodegen(): Promise<readonly CodegenResult[]> {
  const nothing = project("empty", 0);
  const empty = compile(nothing, "export {};\n").instantiations;
  rmSync(nothing, { recursive: true });
  return [200, 1_000].map((jobs) => {
    const folder = project(`jobs-${jobs}`, jobs);
    const times = Array.from({ length: 5 }, () => generate(folder)).sort((a, b) => a - b);
    const { instantiations, checkSeconds } = compile(folder, application(jobs));
    rmSync(folder, { recursive: true });
    const [fastestMs = 0, , coldMs = 0] = times.map(Math.round);
    return { jobs, coldMs, fastestMs, instantiations: instantiations - empty, checkSeconds };
  });
}

function generate(folder: string): number {
  rmSync(`${folder}/generated`, { recursive: true, force: true });
  const startedAt = performance.now();
  execFileSync(process.execPath, [cli, "codegen"], {
    cwd: folder,
    // Else only the first run would translate the schema.
    env: { ...process.env, TSX_DISABLE_CACHE: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  return performance.now() - startedAt;
}

/** Inside bench/, so that `jobwright` and `zod` resolve as they do in an application. */
function project(name: string, jobs: number): string {
  const folder = new URL(`./.data/${name}`, import.meta.url).pathname;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/tsconfig.json`, tsconfig);
  if (jobs > 0) writeFileSync(`${folder}/jobs.schema.ts`, schema(jobs));
  return folder;
}

const tsconfig = JSON.stringify({
  compilerOptions: {
    target: "es2023",
    module: "nodenext",
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: ["node"],
  },
  files: ["app.ts"],
});

/** Five shapes in turn, as applications have them. */
const shapes = [
  `z.object({ to: z.email(), name: z.string(), subject: z.string().max(200), body: z.string(), cc: z.array(z.email()).optional(), priority: z.enum(["low", "high"]).default("low"), tags: z.array(z.string()), sentBy: z.uuid() })`,
  `z.object({ order: z.object({ id: z.uuid(), lines: z.array(z.object({ sku: z.string(), count: z.int(), price: z.number() })) }), meta: z.record(z.string(), z.string()), placedAt: z.date(), total: z.bigint() })`,
  `z.discriminatedUnion("kind", [z.object({ kind: z.literal("card"), last4: z.string() }), z.object({ kind: z.literal("bank"), iban: z.string() })])`,
  `z.object({ items: z.array(z.object({ id: z.int(), label: z.string().default("") })), limit: z.int().default(10), note: z.string().nullish() })`,
  `z.strictObject({ url: z.url(), method: z.enum(["GET", "POST"]), body: z.union([z.string(), z.record(z.string(), z.number())]).optional() })`,
];

function schema(jobs: number): string {
  const entries = Array.from(
    { length: jobs },
    (_, i) =>
      `  /** Job number ${i}. */\n  job${i}: job({\n    input: ${shapes[i % shapes.length]},\n    output: z.object({ ok: z.boolean(), count: z.int() }),\n    queue: "q${i % 7}",\n  }),\n`,
  );
  return `import { defineJobs, job } from "jobwright/schema";\nimport { z } from "zod";\n\nexport default defineJobs({\n${entries.join("")}});\n`;
}

function application(jobs: number): string {
  const each = (line: (i: number) => string): string => Array.from({ length: jobs }, (_, i) => line(i)).join("");
  return (
    `import type { ${Array.from({ length: jobs }, (_, i) => `Job${i}Input`).join(", ")}, Jobs, JobHandlers } from "./generated/index.js";\n` +
    `export async function enqueueAll(jobs: Jobs): Promise<void> {\n` +
    each((i) => `  await jobs.job${i}.enqueue({} as Job${i}Input);\n`) +
    `}\nexport const handlers: JobHandlers = {\n` +
    each((i) => `  job${i}: async (payload) => ({ ok: payload !== undefined, count: 1 }),\n`) +
    `};\n`
  );
}

function compile(folder: string, app: string): { instantiations: number; checkSeconds: number } {
  writeFileSync(`${folder}/app.ts`, app);
  const output = execFileSync(process.execPath, [tsc, "-p", folder, "--extendedDiagnostics"], { encoding: "utf8" });
  const figure = (label: string): number =>
    Number(new RegExp(`^${label}:\\s+([\\d.]+)`, "m").exec(output)?.[1] ?? Number.NaN);
  return { instantiations: figure("Instantiations"), checkSeconds: figure("Check time") };
}

if (process.argv[1] === import.meta.filename) {
  const [load = 0] = loadavg();
  console.log(JSON.stringify({ node: process.version, load, codegen: await measureCodegen() }, undefined, 2));
}
