import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { compatibilityPage } from "../../docs/generate-compatibility.ts";
import { errorsPage } from "../../docs/generate-errors.ts";
import { policiesPage } from "../../docs/generate-policies.ts";
import { statesPage } from "../../docs/generate-states.ts";
import { storesPage } from "../../docs/generate-stores.ts";
import { errorCodes } from "../../runtime/contract/errors.ts";
import { createProgram } from "../../generator/cli/program.ts";
import { createTerminal } from "../../generator/cli/terminal.ts";
import { pages, read, root } from "./blocks.ts";

const remedy = "run `npx tsx docs/generate.ts`";

describe("pages made from code", () => {
  it("compatibility.md belongs to the rules", () =>
    expect(read("docs/compatibility.md"), remedy).toBe(compatibilityPage()));
  it("errors.md belongs to the error codes", () => expect(read("docs/errors.md"), remedy).toBe(errorsPage()));
  it("policies.md belongs to the code", () => expect(read("docs/policies.md"), remedy).toBe(policiesPage()));
  it("states.md belongs to the transition table", () => expect(read("docs/states.md"), remedy).toBe(statesPage()));
  it("stores.md belongs to the capabilities", () => expect(read("docs/stores.md"), remedy).toBe(storesPage()));
});

describe("README", () => {
  it("names every command and flag of the command line", () => {
    const readme = read("README.md").replace(/\n/g, " ");
    const words = createProgram(createTerminal()).commands.flatMap((command) =>
      [command, ...command.commands].flatMap((one) => [one.name(), ...one.options.map(({ long }) => long ?? "")]),
    );
    expect([...new Set(words)].filter((word) => !readme.includes(word))).toEqual([]);
  });
});

describe("tables of options", () => {
  it.each([
    ["README.md", "runtime/schema/options.ts", "JobOptions"],
    ["docs/policies.md", "runtime/schema/options.ts", "JobOptions"],
    ["README.md", "runtime/worker/types.ts", "WorkerOptions"],
    ["README.md", "runtime/worker/types.ts", "JobContext"],
    ["docs/guide/time-and-settings.md", "runtime/core/new-job.ts", "EnqueueSettings"],
    ["docs/guide/time-and-settings.md", "runtime/core/new-job.ts", "OneJobOptions"],
    ["docs/guide/unique-jobs.md", "runtime/schema/unique.ts", "UniqueOptions"],
    ["docs/guide/unique-jobs.md", "runtime/schema/unique.ts", "DebounceOptions"],
    ["docs/guide/unique-jobs.md", "runtime/schema/unique.ts", "ThrottleOptions"],
    ["docs/guide/limits.md", "runtime/schema/limits.ts", "ConcurrencyLimit"],
    ["docs/guide/limits.md", "runtime/schema/limits.ts", "RateLimit"],
    ["docs/guide/limits.md", "runtime/schema/limits.ts", "FairnessOptions"],
    ["docs/guide/limits.md", "runtime/schema/queue-limits.ts", "QueueOptions"],
    ["docs/guide/checkpoints.md", "runtime/worker/types.ts", "IterateOptions"],
    ["docs/guide/batch-handlers.md", "runtime/schema/batch.ts", "BatchOptions"],
    ["docs/guide/batch-handlers.md", "runtime/worker/types.ts", "BatchContext"],
    ["docs/guide/middleware.md", "runtime/client/middleware.ts", "EnqueueCall"],
    ["docs/guide/secrets.md", "runtime/core/encryption.ts", "EncryptionOptions"],
    ["docs/guide/emitters.md", "generator/emit/emitter.ts", "EmitContext"],
    ["docs/guide/emitters.md", "generator/emit/emitter.ts", "Emitter"],
    ["docs/guide/schedules.md", "runtime/core/schedule.ts", "ScheduleSettings"],
    ["docs/sqlite.md", "runtime/providers/sqlite/options.ts", "SqliteOptions"],
    ["docs/postgres.md", "runtime/providers/postgres/options.ts", "PostgresOptions"],
    ["docs/redis.md", "runtime/providers/redis/options.ts", "RedisOptions"],
  ])("%s names every member of %s: %s", (page, source, name) => {
    const text = read(page);
    expect(membersOf(source, name).filter((member) => !new RegExp(`\`${member}\\b`).test(text))).toEqual([]);
  });
});

/** From the source, because types leave nothing behind at run time. */
function membersOf(source: string, name: string): readonly string[] {
  const body =
    read(source)
      .split(new RegExp(`^export interface ${name}\\b`, "m"))[1]
      ?.split(/^}/m)[0] ?? "";
  const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map((match) => match[1] ?? "");
  expect(members, `${source} has no interface ${name}`).not.toEqual([]);
  return members;
}

describe("error codes", () => {
  it.each(pages())("that %s names exist", (page) => {
    const named = [...read(page).matchAll(/\bJW_[A-Z_]+\b/g)].map(([code]) => code);
    expect(named.filter((code) => !(code in errorCodes))).toEqual([]);
  });
});

/** Links as GitHub resolves them; code is not looked into. */
function linksOf(page: string): readonly string[] {
  const text = withoutCode(read(page));
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "").filter((link) => !/^\w+:/.test(link));
}

function withoutCode(text: string): string {
  return text.replace(/^```.*?^```$/gms, "").replace(/`[^`\n]*`/g, "");
}

/** GitHub's anchors of headings. */
function anchorsOf(page: string): readonly string[] {
  const text = read(page).replace(/^```.*?^```$/gms, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
}

describe("links", () => {
  it.each(pages())("of %s resolve", (page) => {
    const broken = linksOf(page).filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : relative(root, join(root, dirname(page), path));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});
