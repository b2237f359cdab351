import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { generate } from "../../generator/index.ts";
import { createEncryptionKey } from "../../runtime/core/encryption.ts";
import type { Provider } from "../../runtime/contract/index.ts";
import { sqlite } from "../../runtime/providers/sqlite/index.ts";
import { createClient } from "../../runtime/codegen/v1.ts";
import { defineJobs, job } from "../../runtime/schema/index.ts";
import { imports } from "../generator/support/problems.ts";
import { createProject, linkToSource, type Project, repository } from "../generator/support/project.ts";
import { type Ended, runCli } from "../support/cli.ts";
import type { SchemaDescriptor } from "../../runtime/core/descriptor.ts";
import type { JobClient } from "../../runtime/client/types.ts";

const canary = "DE89-3704-0044";

const schema = `${imports}export default defineJobs({
  pay: job({ input: z.object({ iban: z.string().meta({ sensitive: true }), amount: z.number() }) }),
  hide: job({ input: z.object({ iban: z.string() }), encrypted: true }),
});
`;
const config = `import { sqlite } from "${repository}/runtime/providers/sqlite/index.ts";
export default { provider: () => sqlite("jobs.db") };
`;

/** The same for this process, where `jobwright` has no name. */
const loaded = defineJobs({
  pay: job({ input: z.object({ iban: z.string(), amount: z.number() }) }),
  hide: job({ input: z.object({ iban: z.string() }) }),
});

interface Jobs {
  readonly pay: JobClient<{ iban: string; amount: number }, undefined>;
  readonly hide: JobClient<{ iban: string }, undefined>;
}

describe("jobs show and jobs list, of a job with secrets", () => {
  let project: Project;
  let provider: Provider;
  let ids: { readonly pay: string; readonly hide: string; readonly gone: string };

  beforeAll(async () => {
    project = createProject({ "jobs.schema.ts": schema, "jobwright.config.ts": config });
    await generate({ cwd: project.folder });
    linkToSource(project, "generated/parsers.ts");
    const { descriptor } = (await import(join(project.folder, "generated/descriptor.ts"))) as {
      readonly descriptor: SchemaDescriptor; // as generated
    };
    provider = sqlite(join(project.folder, "jobs.db"));
    const encryption = { keys: { a: createEncryptionKey() }, current: "a" };
    const loadSchema = () => Promise.resolve({ default: loaded });
    const jobs = await createClient<Jobs>({ ...descriptor, loadSchema }, { provider, encryption });
    const pay = await jobs.pay.enqueue({ iban: canary, amount: 12 }, { metadata: { tenant: "a" } });
    const hide = await jobs.hide.enqueue({ iban: canary });
    const gone = "0193b3c4-7d5e-7000-8000-000000000009";
    const payload = JSON.stringify({ iban: canary });
    await provider.enqueue([{ id: gone, name: "gone", queue: "q", version: 1, priority: 0, maxCrashes: 3, payload }]);
    ids = { pay: pay.id, hide: hide.id, gone };
  });

  afterAll(async () => {
    await provider.stop();
    project[Symbol.dispose]();
  });

  const run = (...args: readonly string[]): Ended => runCli(project, "jobs", ...args);

  it("redact what the schema marks, in text and in JSON", () => {
    const text = run("show", ids.pay);
    expect(text).toMatchObject({ status: 0, stderr: "" });
    expect(text.stdout).toContain('{"iban":"[redacted]","amount":12}');
    expect(JSON.parse(run("show", ids.pay, "--json").stdout)).toMatchObject({
      job: { payload: '{"iban":"[redacted]","amount":12}', metadata: { tenant: "a" } },
    });
    expect(text.stdout + run("list", "--json").stdout + run("list").stdout).not.toContain(canary);
  });

  it("show what is encrypted as that, even if all is to be revealed", () => {
    expect(run("show", ids.hide).stdout).toMatch(/payload +"\[encrypted\]"/);
    expect(run("show", ids.hide, "--reveal").stdout).toMatch(/payload +"\[encrypted\]"/);
  });

  it("reveal what is sensitive when they are told to", () => {
    expect(run("show", ids.pay, "--reveal").stdout).toContain(canary);
    expect(run("list", "--json", "--reveal").stdout).toContain(canary);
  });

  it("withhold the payload of a job that the schema does not have, and say so", () => {
    const { stdout, stderr } = run("show", ids.gone);
    expect(stdout).toMatch(/payload +"\[redacted\]"/);
    expect(stderr).toBe("payloads of gone are withheld: not in the generated descriptor; --reveal shows them\n");
  });

  it("withhold every payload without a generated descriptor, unless the configuration has one", () => {
    project.write("bare/jobwright.config.ts", config.replace("jobs.db", `${project.folder}/jobs.db`));
    project.write("bare/jobs.schema.ts", schema);
    const { stdout, stderr } = run("show", ids.pay, "--config", "bare/jobwright.config.ts");
    expect(stdout).toMatch(/payload +"\[redacted\]"/);
    expect(stderr).toMatch(/^payloads of pay are withheld: no generated descriptor was found/);
    project.write(
      "bare/jobwright.config.ts",
      `import { descriptor } from "../generated/descriptor.ts";\n${config
        .replace("jobs.db", `${project.folder}/jobs.db`)
        .replace("default {", "default { descriptor,")}`,
    );
    expect(run("show", ids.pay, "--config", "bare/jobwright.config.ts")).toMatchObject({
      stdout: expect.stringContaining('{"iban":"[redacted]","amount":12}'),
      stderr: "",
    });
  });
});
