import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { median } from "./table.ts";

const cli = new URL("../dist/generator/cli/main.js", import.meta.url).pathname;

export interface WatchResult {
  /** From the write of the schema, of which one job changed, to the report of `codegen --watch`. */
  readonly medianMs: number;
  readonly fastestMs: number;
}

/** Changes one job of the schema in a folder of `createProject`, again and again, while `codegen --watch` runs there. */
export async function measureWatch(folder: string, edits = 9): Promise<WatchResult> {
  const file = `${folder}/jobs.schema.ts`;
  const text = readFileSync(file, "utf8");
  const child = spawn(process.execPath, [cli, "codegen", "--watch", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const reports = createInterface(child.stdout);
  try {
    await once(reports, "line");
    const times: number[] = [];
    for (let edit = 0; edit < edits; edit++) {
      // As between two edits of a person; the next process makes itself ready.
      await setTimeout(3_000);
      const report = once(reports, "line");
      const startedAt = performance.now();
      writeFileSync(file, text.replace("job100: job({", `job100: job({\n    description: "Edit ${edit}.",`));
      await report;
      times.push(Math.round(performance.now() - startedAt));
    }
    return { medianMs: median(times), fastestMs: Math.min(...times) };
  } finally {
    child.kill("SIGTERM");
    await once(child, "exit");
    writeFileSync(file, text);
  }
}
