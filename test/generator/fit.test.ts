import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadSchema } from "../../generator/build.ts";
import { generate } from "../../generator/index.ts";
import { createFit } from "../../generator/model/fit.ts";
import { onInput, typesOf } from "../../generator/model/flow-types.ts";
import type { Model } from "../../generator/model/model.ts";
import { createProject, type Project } from "./support/project.ts";

/** Types that are near to each other, so that most pairs differ in one thing. */
const types = {
  text: "z.string()",
  address: "z.email()",
  brandedText: "z.string().brand('Id')",
  letter: 'z.enum(["a", "b"])',
  letters: 'z.enum(["a", "b", "c"])',
  prefixed: 'z.templateLiteral(["a", z.number()])',
  number: "z.number()",
  one: "z.literal(1)",
  big: "z.bigint()",
  flag: "z.boolean()",
  yes: "z.literal(true)",
  yesOrNo: "z.union([z.literal(true), z.literal(false)])",
  date: "z.date()",
  bytes: "z.instanceof(Uint8Array)",
  nothing: "z.null()",
  textOrNull: "z.string().nullable()",
  textOrNumber: "z.union([z.string(), z.number()])",
  list: "z.array(z.string())",
  listOfAny: "z.array(z.union([z.string(), z.number()]))",
  frozenList: "z.array(z.string()).readonly()",
  pair: "z.tuple([z.string(), z.number()])",
  openPair: "z.tuple([z.string()], z.string())",
  maybePair: "z.tuple([z.string(), z.string().optional()])",
  set: "z.set(z.string())",
  map: "z.map(z.string(), z.number())",
  record: "z.record(z.string(), z.string())",
  listedRecord: 'z.record(z.enum(["a", "b"]), z.string())',
  partialRecord: 'z.partialRecord(z.enum(["a", "b"]), z.string())',
  a: "z.object({ a: z.string() })",
  maybeA: "z.object({ a: z.string().optional() })",
  exactA: "z.object({ a: z.string().exactOptional() })",
  undefinedA: "z.object({ a: z.union([z.string(), z.undefined()]) })",
  defaultA: "z.object({ a: z.string().default('') })",
  ab: "z.object({ a: z.string(), b: z.string() })",
  aMaybeB: "z.object({ a: z.string(), b: z.string().optional() })",
  aAndB: "z.object({ a: z.string() }).and(z.object({ b: z.string() }))",
  looseA: "z.object({ a: z.string() }).catchall(z.string())",
  numberedA: "z.object({ a: z.number() })",
  nested: "z.object({ a: z.object({ b: z.string().optional() }) })",
  kinds:
    'z.discriminatedUnion("kind", [z.object({ kind: z.literal("x"), n: z.number() }), z.object({ kind: z.literal("y"), t: z.string() })])',
  kindX: 'z.object({ kind: z.literal("x"), n: z.number() })',
  anything: "z.any()",
  tree: "tree",
} as const satisfies Readonly<Record<string, string>>;

const schema = `
import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";
const tree = z.object({ name: z.string(), get inner() { return z.array(tree); } });
export default defineJobs({
${Object.entries(types)
  .map(([name, type]) => `  ${name}Job: job({ input: ${type} }),\n`)
  .join("")}});
`;

/** Refused by the compiler though every value fits: for `readonly`, interfaces as records, and objects without a common key. */
const valuesFit = [
  ...["list", "listOfAny"].map((target) => `frozenList_${target}`),
  ...["a", "defaultA", "ab"].flatMap((source) => [`${source}_record`, `${source}_looseA`]),
  ...["kinds", "kindX", "tree"].flatMap((source) =>
    ["partialRecord", "maybeA", "exactA", "defaultA"].map((target) => `${source}_${target}`),
  ),
];

const pascal = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Job`;

describe("whether a type fits", () => {
  let project: Project;
  let model: Model;

  beforeAll(async () => {
    project = createProject({ "jobs.schema.ts": schema });
    await generate({ cwd: project.folder });
    ({ model } = await loadSchema({ cwd: project.folder }));
  });

  afterAll(() => project[Symbol.dispose]());

  function verdicts() {
    const fit = createFit(typesOf(model.named));
    const names = Object.keys(types);
    return names.flatMap((source) =>
      names.map((target) => {
        const of = (name: string) => model.jobs.find((job) => job.name === `${name}Job`)?.input;
        const [from, to] = [of(source), of(target)];
        if (!from || !to) throw new Error(`${source} or ${target} is missing`);
        return { ...fit(from.out, onInput(to.in)), source, target };
      }),
    );
  }

  it("is what the compiler says of every pair, but where the model is too coarse to know", () => {
    const all = verdicts();
    const lines = all
      .filter(({ verdict }) => verdict !== "unknown")
      .map(
        ({ source, target, verdict }) =>
          `export type ${source}_${target} = Prove<Fits<printed.${pascal(source)}Payload, printed.${pascal(target)}Input>, ${verdict === "yes"}>;`,
      );
    project.write(
      "proof.ts",
      `import type * as printed from "./generated/index.ts";
type Fits<A, B> = [A] extends [B] ? true : false;
type Prove<A extends Expected, Expected> = A;
${lines.join("\n")}\n`,
    );
    const refuted = [...project.compile().matchAll(/^proof\.ts\((\d+),/gm)].map(
      ([, line]) => /type (\w+)/.exec(lines[Number(line) - 4] ?? "")?.[1],
    );
    expect(refuted).toEqual(valuesFit);
    const open = all.filter(({ verdict }) => verdict === "unknown").length;
    expect(open / all.length).toBeLessThan(0.1);
  }, 240_000);

  it("names the place where it does not", () => {
    const misfit = verdicts().find(({ source, target }) => source === "maybeA" && target === "ab");
    expect(misfit).toMatchObject({ verdict: "no", path: ["a"] });
  });
});
