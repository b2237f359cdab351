import { fingerprintOf } from "../../runtime/schema/plan-parse.ts";
import type { ParsePlan } from "../../runtime/schema/parse-plan.ts";
import { type JobModel, type Model, type ParsedSide, parsedSides } from "../model/model.ts";
import { writeValue } from "./parser-body.ts";
import { writeParser } from "./parser-writer.ts";
import { header, pascalCase } from "./text.ts";

/** Names of the parsers in `parsers.ts`, per job and side. */
export function parserName(job: JobModel, side: ParsedSide): string {
  return `parse${pascalCase(job.name)}${pascalCase(side)}`;
}

/** Undefined: no job has a schema that a parser can be printed for. */
export function emitParsers(model: Model, schema: string, hash: string): string | undefined {
  const parsers = model.jobs.flatMap((job) =>
    parsedSides.flatMap((side) => (job.parse?.[side] ? [emitParser(job, side, job.parse[side])] : [])),
  );
  if (parsers.length === 0) return undefined;
  const imports = 'import { type EmittedParser, parse } from "jobwright/codegen/v1";\n\nconst { invalid } = parse;\n\n';
  return header(schema, hash) + imports + parsers.join("\n");
}

function emitParser(job: JobModel, side: ParsedSide, plan: ParsePlan): string {
  const { constants, body } = writeParser("      ", (writer) => writer.line(`return ${writeValue(writer, plan, "value")};`));
  const usesSchema = constants.some((line) => line.includes("(schema, "));
  return [
    `/** Parses the ${side} of \`${job.name}\` as its schema does. */`,
    `export const ${parserName(job, side)}: EmittedParser = {`,
    `  of: ${JSON.stringify(fingerprintOf(plan))},`,
    `  bind: (${usesSchema ? "schema" : ""}) => {`,
    ...constants,
    "    return (value) => {",
    ...body,
    "    };",
    "  },",
    "};",
    "",
  ].join("\n");
}
