/** The files of a new project, by name. */
export const scaffold: Readonly<Record<string, string>> = {
  "jobs.schema.ts": `import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

/** Every background job of this application. Edit, then run \`npm run codegen\`. */
export default defineJobs({
  /** Greets somebody. */
  greet: job({
    input: z.object({ name: z.string().min(1) }),
    output: z.object({ greeting: z.string() }),
    retry: { maxAttempts: 5, delay: "1s" },
    timeout: "30s",
  }),
});
`,
  "handlers.ts": `import type { JobHandlers } from "./generated/index.js";

/** The code behind every job; a missing one does not compile. */
export const handlers: JobHandlers = {
  greet: async ({ name }, ctx) => {
    ctx.log.info("greeting", { name });
    return { greeting: \`Hello, \${name}!\` };
  },
};
`,
  "jobwright.config.ts": `import type { JobwrightConfig } from "jobwright";
import { sqlite } from "jobwright/sqlite";
import { createWorker } from "./generated/index.js";
import { handlers } from "./handlers.js";

/** Where the jobs are kept, and the worker that \`npm run work\` runs. */
export default {
  provider: () => sqlite("jobs.db"),
  worker: (provider) => createWorker({ provider, handlers }),
} satisfies JobwrightConfig;
`,
  "main.ts": `import { sqlite } from "jobwright/sqlite";
import { createJobs, createWorker } from "./generated/index.js";
import { handlers } from "./handlers.js";

const provider = sqlite("jobs.db");
const jobs = await createJobs({ provider });

// In production the worker runs in a process of its own: \`npm run work\`.
const worker = await createWorker({ provider, handlers });
await worker.start();

const job = await jobs.greet.enqueue({ name: process.argv[2] ?? "world" });
console.log(\`enqueued \${job.id}\`);
console.log(await job.result({ timeout: "30s" }));

await worker.stop();
await provider.stop();
`,
  "tsconfig.json": `{
  "compilerOptions": {
    "target": "es2023",
    "module": "nodenext",
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "exactOptionalPropertyTypes": true,
    "verbatimModuleSyntax": true,
    "skipLibCheck": true,
    "noEmit": true,
    "types": ["node"]
  },
  "include": ["*.ts", "generated"]
}
`,
  ".gitignore": `node_modules/
jobs.db*
`,
};
