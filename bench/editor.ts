import { writeFileSync } from "node:fs";
import { type LanguageServer, placeOf, startLanguageServer } from "../test/generator/support/language-server.ts";
import { inferredApplication, printedApplication } from "./schema-project.ts";
import { median } from "./table.ts";

/** From an edit to the names that an editor offers, in ms: every edit makes the compiler begin again. */
export interface EditResult {
  /** Of the client's jobs, behind `jobs.`: median of eleven edits. */
  readonly printedMs: number;
  /** The same with types that the compiler infers from the schema, of two edits. */
  readonly inferredMs: number;
}

/** How many jobs the application in the editor uses. */
const used = 10;

/** The folder is a project of `createProject`, with generated files. */
export async function measureEdits(folder: string): Promise<EditResult> {
  return {
    printedMs: await measure(folder, printedApplication(used), 11),
    inferredMs: await measure(folder, inferredApplication(used), 2),
  };
}

async function measure(folder: string, app: string, edits: number): Promise<number> {
  const file = `${folder}/app.ts`;
  writeFileSync(file, `${app}\nexport const complete = (jobs: Jobs): unknown => [jobs.];\n`);
  using server = startLanguageServer("typescript");
  server.open(file);
  const times: number[] = [];
  // The first answer waits for the program to be read.
  await timeOfEdit(server, file);
  for (let edit = 0; edit < edits; edit++) times.push(await timeOfEdit(server, file));
  return Number(median(times).toFixed(1));
}

async function timeOfEdit(server: LanguageServer, file: string): Promise<number> {
  const { line, offset } = placeOf(file, "[jobs.]");
  server.change({ file, line: 1, offset: 1 }, { line: 1, offset: 1 }, " ");
  const startedAt = performance.now();
  const names = await server.completions({ file, line, offset: offset + "[jobs.".length });
  if (!names.includes("job0")) throw new Error("The editor offers no jobs.");
  return performance.now() - startedAt;
}
