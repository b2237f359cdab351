import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { repository } from "./support/project.ts";

/** The schema's own `safeParse` is broken, so that only the emitted parser can have accepted the value. */
const script = `
import { descriptor } from "./generated/descriptor.ts";
import { loadSchema, schemaOf } from "./runtime/core/schema-module.ts";
let mayEval = true;
try { new Function(""); } catch { mayEval = false; }
const { input } = (await loadSchema(descriptor)).job("sendEmail");
const refused = input.safeParse({ to: "nobody", name: "", language: "en", issue: "1" });
schemaOf(await descriptor.loadSchema()).jobs.sendEmail.input.safeParse = () => { throw new Error("zod was asked"); };
const accepted = input.safeParse({ to: "a@example.com", name: "A", language: "en", issue: "1", other: 1 });
console.log(JSON.stringify({ mayEval, accepted, refused: refused.error.issues.map(({ path }) => path.join()) }));
`;

it("emitted parsers work where code may not be made from strings", () => {
  const options = [
    "--disallow-code-generation-from-strings",
    "--import",
    "tsx",
    "--input-type=module",
    "--eval",
    script,
  ];
  const output = execFileSync(process.execPath, options, { cwd: repository, encoding: "utf8" });
  expect(JSON.parse(output)).toEqual({
    mayEval: false,
    accepted: { success: true, data: { to: "a@example.com", name: "A", language: "en", issue: "1" } },
    refused: ["to", "name"],
  });
});
