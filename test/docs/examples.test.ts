import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDocsApp, type DocsApp } from "./app.ts";
import { allBlocks, blocksOf, read, root } from "./blocks.ts";

let app: DocsApp;

beforeAll(async () => {
  if (!existsSync(join(root, "dist/runtime/index.js")))
    throw new Error("The examples need dist/: run `npm run build`.");
  app = await createDocsApp();
});

afterAll(() => app.remove());

/** The one block of a page that holds this text. */
function nameOf(page: string, text: string): string {
  const found = blocksOf(page).filter(({ code }) => code.includes(text));
  expect(found, `${page}: blocks with ${text}`).toHaveLength(1);
  return found[0]?.name ?? "";
}

describe("examples of README and docs", () => {
  it("have names of their own", () => {
    const names = allBlocks().map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  it("show the schema as it is", () => {
    const [block] = blocksOf("README.md").filter(({ name }) => name === "jobs.schema.ts");
    expect(block?.code.replace("// jobs.schema.ts\n", "")).toBe(read("jobs.schema.ts"));
  });

  it("compile under strict flags", async () => {
    expect(await app.typeCheck()).toEqual({ code: 0, output: "" });
  });

  it.each([
    ["README.md", "await job.result(", /succeeded\n$/],
    ["README.md", "enqueueMany", /^enqueued\nscheduled cancelled\n$|^enqueued\nready cancelled\n$/],
    ["README.md", "db.transaction(", /^[0-9a-f-]{36}\n$/],
    ["docs/worker.md", "await worker.idle(); // the served", /^$/],
    [
      "docs/worker.md",
      'worker.on("retrying"',
      /importList addresses.csv is locked true\n(.*\n)*importList took 2 attempts\n/,
    ],
    ["docs/worker.md", "job.progress()", /\{ rows: 3, latest: 1970-01-01T00:00:00.003Z \}\n$/],
    ["docs/testing.md", "worker.idle()", /^succeeded \{/],
    ["docs/testing.md", "clock.advance", /^scheduled\nready\n$/],
    ["docs/testing.md", "runConformance(", /# fail 0|ℹ fail 0/],
    ["docs/guide/batch-handlers.md", "sendPush.enqueueMany(", /succeeded\ndead\nsucceeded\n$/],
    ["docs/guide/middleware.md", "middleware: [timed]", /^acme: ada@example.com\nunsubscribe took \d+ ms\n$/],
    ["docs/guide/middleware.md", "middleware: [logged", /^unsubscribe 1 enqueued\nacme\n$/],
    [
      "docs/guide/secrets.md",
      "createEncryptionKey",
      /^\{"account":"\[redacted\]","text":"hello"\}\n1200 to DE89 3704\n"\[encrypted\]"\nenc1:2026-10:j:\n$/,
    ],
    [
      "docs/guide/schedules.md",
      "schedules.run(key)",
      /^sendReport\/customer-7 enqueued\n0 8 1 \* \*\nundefined\nundefined\ntrue\n$/,
    ],
    ["docs/guide/emitters.md", "generate({", /'index.ts',\s+'queues.ts'\s+\]\n$/],
    [
      "docs/guide/limits.md",
      "applyChange.enqueueMany(",
      /^ready blocked\napplyChange\.order:\["d1"\]\nchange 1\nchange 2\nchange 3\n$/,
    ],
    ["docs/guide/checkpoints.md", "ctx.iterate(", /^3\n\[ '1: not now' \]\n$/m],
    ["docs/guide/unique-jobs.md", "syncAccount.enqueue(", /^deduplicated true\nreplaced scheduled\n$/],
    ["docs/guide/upgrades.md", "billing.schema.js", /^1250\n$/],
    ["docs/guide/split-schemas.md", 'JobHandlers["payments"]', /^payments\.charge 250\n$/],
    ["docs/guide/split-schemas.md", "schema: false", /^enqueued\nJW_INVALID_INPUT\n$/],
    ["docs/guide/time-and-settings.md", "metadata: {", /^scheduled winter\n$/],
    ["docs/guide/events.md", "$events.stream(", /^true\ntrue\n$/],
    [
      "docs/guide/operating.md",
      "sendEmail.pause()",
      /names: \[ 'sendEmail' \] \}\n\[ 'changed' \]\ncancelled\n\{ mail: \{ cancelled: 1, succeeded: 1 \} \}\n0\n$/,
    ],
  ])("%s: the example with %s runs", async (page, text, output) => {
    const ended = await app.run(nameOf(page, text));
    expect(ended.output).toMatch(output);
    expect(ended.code).toBe(0);
  });
});
