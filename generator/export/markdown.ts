import type { Emitter } from "../emit/emitter.ts";
import type { JobModel, Model, NamedType } from "../model/model.ts";
import { diagram } from "./diagram.ts";
import { aboutOf } from "./docs-view.ts";
import { type Field, fieldsOf } from "./fields.ts";
import { code, escapeParagraphs, escapeText, table } from "./markdown-text.ts";
import { policiesOf } from "./policies.ts";

/** `jobs.md`: a catalogue of all jobs for people. */
export const markdownEmitter: Emitter = {
  name: "markdown",
  emit: (model, { schema }) => [{ name: "jobs.md", text: catalogueOf(model, schema) }],
};

function catalogueOf(model: Model, schema: string): string {
  const title = `# Jobs\n\nMade by jobwright from ${code(schema)}. Do not edit.\n`;
  return [title, diagram(model), ...model.jobs.map((job) => section(job, model.named))].join("\n");
}

function section(job: JobModel, named: readonly NamedType[]): string {
  const description = escapeParagraphs(aboutOf(job.docs).description ?? "");
  return [
    `## ${job.name}\n`,
    ...(description === "" ? [] : [`${description}\n`]),
    policyTable(job),
    ...schedules(job),
    fieldTable("Input", fieldsOf(job.input.in, named)),
    ...(job.output ? [fieldTable("Output", fieldsOf(job.output.in, named))] : []),
  ].join("\n");
}

function policyTable(job: JobModel): string {
  const policies = [["queue", job.queue] as const, ...policiesOf(job)].filter(([key]) => key !== "schedules");
  const rows = policies.map(([key, value]) => [key, code(typeof value === "string" ? value : JSON.stringify(value))]);
  return table({ head: ["policy", ""], rows });
}

function schedules({ schedules: all = {} }: JobModel): readonly string[] {
  const rows = Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { cron, timeZone }]) => [code(name), code(cron), code(timeZone)]);
  return rows.length === 0 ? [] : [table({ head: ["schedule", "cron", "time zone"], rows })];
}

function fieldTable(head: string, fields: readonly Field[]): string {
  const rows = fields.map(({ path, type, optional, docs }) => [
    path === "" ? "" : code(path),
    code(type),
    optional ? "" : "yes",
    escapeText(aboutOf(docs).description ?? ""),
  ]);
  return table({ head: [head, "type", "required", ""], rows });
}
