import { fingerprintOf } from "../../runtime/schema/plan-parse.ts";
import type { ParsePlan } from "../../runtime/schema/parse-plan.ts";
import { createMemo } from "../memo.ts";
import { type JobModel, type Model, type ParsedSide, parsedSides } from "../model/model.ts";
import type { EmitContext, Emitter } from "./emitter.ts";
import { render } from "./layout.ts";
import { writeValue } from "./parser-body.ts";
import { type WrittenParser, writeParser } from "./parser-writer.ts";
import { pascalCase } from "./text.ts";
import { unchecked } from "./unchecked.ts";

/** Names of the parsers in `parsers.ts`, per job and side. */
export function parserName(job: JobModel, side: ParsedSide): string {
  return `parse${pascalCase(job.name)}${pascalCase(side)}`;
}

/** How payloads are checked; no file where no job has a schema that a parser can be printed for. */
export const parsersEmitter: Emitter = {
  name: "parsers",
  emit(model, context) {
    const text = printParsers(model, context);
    return text === undefined ? [] : [{ name: "parsers.ts", text }];
  },
};

function printParsers(model: Model, { header }: EmitContext): string | undefined {
  const parsers = model.jobs.flatMap((job) => printed(job, undefined, () => parsersOf(job)));
  if (parsers.length === 0) return undefined;
  const helpers = [...new Set(parsers.flatMap(({ helpers }) => helpers))].sort();
  return [
    `${header}${unchecked}\nimport { type EmittedParser, parse } from "jobwright/codegen/v1";\n`,
    `${render({ open: "const {", items: ["invalid", ...helpers], close: "} = parse;", spaced: true }, "", 0, 0)}\n`,
    ...parsers.map(({ text }) => text),
  ].join("\n");
}

interface PrintedParser {
  readonly helpers: readonly string[];
  readonly text: string;
}

const printed = createMemo<JobModel, readonly PrintedParser[]>();

function parsersOf(job: JobModel): readonly PrintedParser[] {
  return parsedSides.flatMap((side) => {
    const plan = job.parse?.[side];
    if (!plan) return [];
    const written = writeParser("      ", (writer) => writer.line(`return ${writeValue(writer, plan, "value")};`));
    return [{ helpers: written.helpers, text: printParser(job, side, plan, written) }];
  });
}

function printParser(
  job: JobModel,
  side: ParsedSide,
  plan: ParsePlan,
  { helpers, constants, body }: WrittenParser,
): string {
  const parameter = helpers.includes("live") || helpers.includes("defaultOf") ? "schema" : "";
  return [
    `/** Parses the ${side} of \`${job.name}\` as its schema does. */`,
    `export const ${parserName(job, side)}: EmittedParser = {`,
    `  of: ${JSON.stringify(fingerprintOf(plan))},`,
    `  bind: (${parameter}) => {`,
    ...constants,
    "    return (value) => {",
    ...body,
    "    };",
    "  },",
    "};",
    "",
  ].join("\n");
}
