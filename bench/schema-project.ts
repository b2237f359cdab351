import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";

const cli = new URL("../dist/generator/cli/main.js", import.meta.url).pathname;

/** How long `codegen` takes in a folder, in ms: the whole process, nothing generated before and nothing cached. */
export function generate(folder: string): number {
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

/**
 * A project with a schema of so many jobs, or without one. Inside bench/, so that `jobwright` and `zod` resolve as they do in
 * an application.
 */
export function createProject(name: string, jobs: number): string {
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

/** An application that enqueues and handles every job, with the types that codegen prints. */
export function printedApplication(jobs: number): string {
  const inputs = Array.from({ length: jobs }, (_, i) => `Job${i}Input`).join(", ");
  const imports = `import type { ${inputs}, Jobs, JobHandlers } from "./generated/index.js";\n`;
  return `${imports}${uses(jobs, (name) => `${name.replace("job", "Job")}Input`)}`;
}

/**
 * The same with types that the compiler infers from the schema: mapped types over its jobs, as libraries without a generator
 * have them.
 */
export function inferredApplication(jobs: number): string {
  return `import type { JobHandle } from "jobwright/codegen/v1";
import type { z } from "zod";
import type schema from "./jobs.schema.js";

type Definitions = (typeof schema)["jobs"];
type Name = keyof Definitions;
type InputOf<N extends Name> = z.input<Definitions[N]["input"]>;
type PayloadOf<N extends Name> = z.output<Definitions[N]["input"]>;
type ReturnOf<N extends Name> = z.input<Definitions[N]["output"]>;
type OutputOf<N extends Name> = z.output<Definitions[N]["output"]>;
export type Jobs = {
  readonly [N in Name]: { enqueue(input: InputOf<N>): Promise<JobHandle<OutputOf<N>>> };
};
type JobHandlers = { readonly [N in Name]: (payload: PayloadOf<N>) => Promise<ReturnOf<N>> };

${uses(jobs, (name) => `InputOf<"${name}">`)}`;
}

function uses(jobs: number, inputOf: (name: string) => string): string {
  const names = Array.from({ length: jobs }, (_, i) => `job${i}`);
  return `export async function enqueueAll(jobs: Jobs): Promise<void> {
${names.map((name) => `  await jobs.${name}.enqueue({} as ${inputOf(name)});\n`).join("")}}
export const handlers: JobHandlers = {
${names.map((name) => `  ${name}: async (payload) => ({ ok: payload !== undefined, count: 1 }),\n`).join("")}};
`;
}
