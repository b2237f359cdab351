import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { createProject, repository } from "./support/project.ts";

describe("the generated files of this repository", () => {
  it.each([".", "bench", "examples/photos"])("are what codegen makes of the schema in %s", async (folder) => {
    const read = (file: string): string => readFileSync(join(repository, folder, file), "utf8");
    // In a project of its own, where the package needs no build.
    using project = createProject({ "jobs.schema.ts": read("jobs.schema.ts") });
    await generate({ cwd: project.folder });
    const names = readdirSync(join(repository, folder, "generated")).sort();
    expect(names).toEqual(project.list("generated"));
    for (const name of names) expect(read(`generated/${name}`)).toBe(project.read(`generated/${name}`));
  });
});
