import { JobwrightError } from "../../../runtime/contract/errors.ts";
import { type Diagnostic, generate, type GenerateOptions } from "../../../generator/index.ts";
import { createProject } from "./project.ts";

export const imports = 'import { defineJobs, job } from "jobwright/schema";\nimport { z } from "zod";\n';

/** Generates from files that must be refused, and gives the error back. Fails when anything was written. */
export async function refusal(
  files: string | Readonly<Record<string, string>>,
  options: Partial<GenerateOptions> = {},
): Promise<JobwrightError> {
  using project = createProject(typeof files === "string" ? { "jobs.schema.ts": files } : files);
  const before = project.list(".");
  try {
    await generate({ cwd: project.folder, ...options });
  } catch (error) {
    if (!JobwrightError.is(error)) throw error;
    if (project.list(".").join() !== before.join())
      throw new Error("something was written in spite of the error", { cause: error });
    return error;
  }
  throw new Error("nothing was refused");
}

/** One input schema, written as the field `v` of a job `a`. */
export function refusedField(zod: string, before = ""): Promise<JobwrightError> {
  return refusal(`${imports}${before}export default defineJobs({ a: job({ input: z.object({ v: ${zod} }) }) });\n`);
}

export function diagnosticsOf(error: JobwrightError): readonly Diagnostic[] {
  return error.details["diagnostics"] as readonly Diagnostic[]; // every error of the generator about a schema has them
}

/** The diagnostics as a person reads them. */
export function report(error: JobwrightError): string {
  return diagnosticsOf(error)
    .map(({ code, file, line, column, message, frame, hint }) => {
      const place = line === undefined ? file : `${file}:${line}:${column}`;
      return `${code} ${place}\n${message}\n${frame === undefined ? "" : `${frame}\n`}→ ${hint}\n`;
    })
    .join("\n");
}
