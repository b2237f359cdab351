import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrations } from "../../drizzle/sqlite/migrations.ts";
import { pack, root } from "./pack.ts";

let folder: string;

const cli = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, ["node_modules/jobwright/dist/generator/cli/main.js", ...args], {
    cwd: folder,
    encoding: "utf8",
  });
const bin = (name: string): string => join(root, "node_modules/.bin", name);

/** The tarball in an empty project; what it depends on is linked from here instead of being built once more. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "jobwright-install-"));
  const tarball = pack(folder);
  mkdirSync(join(folder, "node_modules/jobwright"), { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", join(folder, "node_modules/jobwright"), "--strip-components=1"]);
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("the packed package in an empty project", () => {
  it("init writes a project and says what to type next", () => {
    const { status, stderr } = cli("init");
    expect(status).toBe(0);
    expect(stderr).toContain("npm install && npm run codegen");
    expect(stderr).toContain("npm start");
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      type: string;
      dependencies: object;
    };
    expect(manifest.type).toBe("module");
    expect(Object.keys(manifest.dependencies).sort()).toEqual(["better-sqlite3", "jobwright", "zod"]);
  });

  it("init a second time keeps every file", () => {
    writeFileSync(join(folder, "handlers.ts"), `${readFileSync(join(folder, "handlers.ts"), "utf8")}// mine\n`);
    const { status, stdout } = cli("init", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, written: [] });
    expect(readFileSync(join(folder, "handlers.ts"), "utf8")).toContain("// mine");
  });

  it("codegen, type check, enqueue, work and result all pass", () => {
    expect(cli("codegen")).toMatchObject({ status: 0 });
    execFileSync(bin("tsc"), ["-p", folder], { cwd: folder, encoding: "utf8" });
    const output = execFileSync(process.execPath, ["--import", "tsx", "main.ts", "Ada"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(output).toContain("Hello, Ada!");
  });

  it("codegen --check exits 4 with a diff after the schema changed", () => {
    expect(cli("codegen", "--check")).toMatchObject({ status: 0 });
    const schema = readFileSync(join(folder, "jobs.schema.ts"), "utf8");
    const checkWith = (field: string): { status: number | null; stdout: string; stderr: string } => {
      writeFileSync(join(folder, "jobs.schema.ts"), schema.replace("name: z.string()", field));
      const answer = cli("codegen", "--check");
      writeFileSync(join(folder, "jobs.schema.ts"), schema);
      return answer;
    };
    const { status, stdout } = checkWith("title: z.string().optional(), name: z.string()");
    expect(status).toBe(4);
    expect(stdout).toMatch(/^\+.*title/m);
    // Jobs that wait have no `who`.
    const breaking = checkWith("who: z.string()");
    expect(breaking.status).toBe(2);
    expect(breaking.stderr).toContain("JW_CONTRACT_BREAKING");
  });

  it("jobs list and show see what ran, as text and as JSON", () => {
    const { jobs } = JSON.parse(cli("jobs", "list", "--json").stdout) as { jobs: { id: string; state: string }[] };
    expect(jobs).toMatchObject([{ state: "succeeded", name: "greet" }]);
    expect(cli("jobs", "list").stdout).toContain("greet");
    expect(cli("jobs", "show", jobs[0]?.id ?? "").stdout).toContain("Hello, Ada!");
  });

  it("jobs retry makes a finished job ready, and work --once runs it", () => {
    const { jobs } = JSON.parse(cli("jobs", "list", "--json").stdout) as { jobs: { id: string }[] };
    const id = jobs[0]?.id ?? "";
    expect(cli("jobs", "retry", id).stdout).toContain("requeued");
    expect(cli("work", "--once", "--json")).toMatchObject({ status: 0 });
    expect(JSON.parse(cli("jobs", "show", id, "--json").stdout)).toMatchObject({
      job: { state: "succeeded", fence: 2 },
    });
    expect(cli("jobs", "cancel", id).stdout).toContain("alreadyDone");
  });

  it("jobs retry --all counts with --dry-run, and then acts on all that fit", () => {
    const all = ["jobs", "retry", "--all", "--state", "succeeded", "--job", "greet"];
    expect(cli(...all, "--dry-run").stdout).toContain("1 matched; nothing was changed");
    expect(JSON.parse(cli(...all, "--json").stdout)).toEqual({ ok: true, matched: 1, outcomes: { requeued: 1 } });
    expect(cli("jobs", "cancel", "--all", "--queue", "default").stdout).toContain("1 cancelled");
  });

  it("migrate says that the store is up to date", () => {
    const version = migrations.length;
    expect(JSON.parse(cli("migrate", "--json").stdout)).toEqual({ ok: true, from: version, to: version });
  });

  it("refuses what it does not understand with a code, a reason and exit 2, without a stack", () => {
    for (const args of [
      ["jobs", "show", "nonsense"],
      ["jobs", "list", "--state", "lost"],
      ["work", "--config", "nowhere.ts"],
      ["jobs", "list", "--limit", "0"],
      ["jobs", "retry"],
      ["jobs", "retry", "--all"],
      ["jobs", "retry", "some-id", "--all"],
      ["jobs", "cancel", "some-id", "--dry-run"],
      ["jobs", "cancel", "--all", "--limit", "none", "--job", "greet"],
      ["cogeden"],
    ]) {
      const { status, stderr } = cli(...args);
      expect(status, args.join(" ")).toBe(2);
      expect(stderr, args.join(" ")).not.toMatch(/^\s+at /m);
    }
    expect(JSON.parse(cli("jobs", "show", "nonsense", "--json").stdout)).toMatchObject({
      ok: false,
      error: { code: "JW_NOT_FOUND" },
    });
  });
});
