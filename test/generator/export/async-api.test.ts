import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { print } from "../../../generator/index.ts";
import { asyncApiEmitter } from "../../../generator/export/async-api.ts";
import { createProject, repository } from "../support/project.ts";

type Json = Readonly<Record<string, unknown>>;

describe("the exported AsyncAPI document", () => {
  let document: Json;

  beforeAll(async () => {
    const scenario = join(repository, "test/generator/golden/schedules/jobs.schema.ts");
    using project = createProject({ "jobs.schema.ts": readFileSync(scenario, "utf8") });
    const [file] = await print({ cwd: project.folder }, [asyncApiEmitter]);
    document = JSON.parse(file?.text ?? "") as Json; // as printed
  });

  it("has what version 3.0 of the specification requires, and nothing at the top that it does not know", () => {
    expect(Object.keys(document)).toEqual([
      "asyncapi",
      "info",
      "defaultContentType",
      "channels",
      "operations",
      "components",
    ]);
    expect(document).toMatchObject({ asyncapi: "3.0.0", info: { title: expect.any(String), version: "1" } });
    for (const operation of Object.values(document["operations"] as Readonly<Record<string, Json>>)) {
      expect(operation).toMatchObject({ action: "receive", channel: { $ref: expect.any(String) } });
    }
  });

  it("has nothing but names and extensions that the specification allows", () => {
    const { messages, schemas } = document["components"] as Readonly<Record<string, Json>>;
    const names = Object.keys({ ...messages, ...schemas });
    expect(names.filter((name) => !/^[\w.-]+$/.test(name))).toEqual([]);
    const extensions = [...JSON.stringify(document["operations"]).matchAll(/"(x-[^"]*)":/g)].map(
      ([, key]) => key ?? "",
    );
    expect(extensions).toContain("x-jobwright-timeout-ms");
    expect(extensions.filter((key) => !/^x-[\w.-]+$/.test(key))).toEqual([]);
  });

  it("points only to what is there", () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? "");
    expect(refs.length).toBeGreaterThan(0);
    const broken = refs.filter((path) => {
      const parts = path.split("/").map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));
      return parts.reduce<unknown>((at, part) => (at as Json | undefined)?.[part], document) === undefined;
    });
    expect(broken).toEqual([]);
  });

  it("says in the words of draft 7 what AsyncAPI reads", () => {
    expect(JSON.stringify(document)).not.toContain("prefixItems");
  });
});
