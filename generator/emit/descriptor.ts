import type { Backoff } from "../../runtime/core/backoff.ts";
import type { GateDescriptor, UniquePolicy } from "../../runtime/core/descriptor.ts";
import type { ScheduleTiming } from "../../runtime/core/schedule.ts";
import type { Sensitive } from "../../runtime/core/redaction.ts";
import type { ImportExtension } from "../import-extension.ts";
import { createMemo } from "../memo.ts";
import { type JobModel, type Model, parsedSides, type StoredSide, storedSides } from "../model/model.ts";
import { codecName, codedSides } from "./codecs.ts";
import type { EmitContext, Emitter } from "./emitter.ts";
import { type Layout, prefixed, render } from "./layout.ts";
import { parserName } from "./parsers.ts";
import { valueKey } from "./text.ts";
import { unchecked } from "./unchecked.ts";
import { printWorkflows } from "./workflow-plan.ts";

/** What the runtime has to know of the jobs. */
export const descriptorEmitter: Emitter = {
  name: "descriptor",
  emit: (model, context) => [{ name: "descriptor.ts", text: printDescriptor(model, context) }],
};

interface PrintedJob {
  /** What it needs of `codecs.ts`. */
  readonly codecs: readonly string[];
  readonly text: string;
}

const printed = createMemo<JobModel, PrintedJob>();

function printDescriptor(model: Model, { plans, schema, hash, header, extension, shared }: EmitContext): string {
  const jobs = model.jobs.map((job) => printed(job, shared, () => printJob(job, plans)));
  const used = jobs.flatMap(({ codecs }) => codecs);
  const parsers = model.jobs.flatMap((job) => parsersOf(job).map(({ name }) => name));
  const imports = importLine(used, `./codecs${extension}`) + importLine(parsers, `./parsers${extension}`);
  return (
    header +
    `${unchecked}\nimport type { SchemaDescriptor } from "jobwright/codegen/v1";\n${imports}\n` +
    "// Not a literal, so that the compiler does not follow it: the types of zod stay out of the application's program.\n" +
    `const schemaModule: string = ${JSON.stringify(importPath(schema, extension))};\n\n` +
    "export const descriptor: SchemaDescriptor = {\n" +
    `  format: 1,\n  hash: ${JSON.stringify(hash)},\n` +
    "  loadSchema: async (): Promise<unknown> => await import(/* @vite-ignore */ schemaModule),\n" +
    `  jobs: [\n${jobs.map(({ text }) => text).join("")}  ],\n` +
    `${printWorkflows(model.workflows)}};\n`
  );
}

/** How generated code names a file of the user in an import, e.g. `../jobs.schema.js`. */
function importPath(path: string, extension: ImportExtension): string {
  const relative = path.startsWith(".") ? path : `./${path}`;
  return extension === ".js" ? relative.replace(/\.(m?)ts$/, ".$1js") : relative;
}

function printJob(job: JobModel, plans: EmitContext["plans"]): PrintedJob {
  const sides = codedSides(job, plans);
  return { codecs: sides.map((side) => codecName(job, side)), text: emitJob(job, sides) };
}

function emitJob(job: JobModel, coded: readonly StoredSide[]): string {
  const codec = coded.map((side) => `      ${side}: ${codecName(job, side)},\n`);
  return (
    "    {\n" +
    `      name: ${JSON.stringify(job.name)},\n` +
    `      queue: ${JSON.stringify(job.queue)},\n` +
    `      version: ${job.version},\n` +
    printUpgrades(job.upgrades) +
    `      priority: ${job.priority},\n` +
    "      retry: {\n" +
    `        maxAttempts: ${job.retry.maxAttempts},\n` +
    (job.retry.forMs === undefined ? "" : `        forMs: ${job.retry.forMs},\n`) +
    `        backoff: ${printBackoff(job.retry.backoff)},\n` +
    "      },\n" +
    `      timeoutMs: ${job.timeoutMs},\n` +
    (job.expireAfterMs === undefined ? "" : `      expireAfterMs: ${job.expireAfterMs},\n`) +
    `      maxCrashes: ${job.maxCrashes},\n` +
    (job.keepLogs === undefined ? "" : `      keepLogs: ${job.keepLogs},\n`) +
    (job.maxWaiting === undefined ? "" : `      maxWaiting: ${job.maxWaiting},\n`) +
    printUnique(job.unique) +
    printGates(job.gates) +
    printSchedules(job.schedules) +
    (job.transactional ? "      transactional: true,\n" : "") +
    (job.batch ? `      batch: { size: ${job.batch.size}, waitMs: ${job.batch.waitMs} },\n` : "") +
    `      hasOutput: ${job.output !== undefined},\n` +
    printList("discardOn", job.discardOn) +
    printList("retryOn", job.retryOn) +
    (job.encrypted ? "      encrypted: true,\n" : "") +
    printSensitive(job.sensitive) +
    codec.join("") +
    printParsers(job) +
    "    },\n"
  );
}

function parsersOf(job: JobModel): readonly { readonly side: string; readonly name: string }[] {
  return parsedSides.flatMap((side) => (job.parse?.[side] ? [{ side, name: parserName(job, side) }] : []));
}

function printParsers(job: JobModel): string {
  const items = parsersOf(job).map(({ side, name }) => `${side}: ${name}`);
  const list: Layout = { open: "parsers: {", items, close: "}", spaced: true };
  return items.length === 0 ? "" : `      ${render(list, "      ", 6, 1)},\n`;
}

function printList(name: string, values: readonly string[] | undefined): string {
  return values ? `      ${render(listOf(name, values), "      ", 6, 1)},\n` : "";
}

function listOf(name: string, values: readonly string[]): Layout {
  return prefixed(`${name}: `, { open: "[", items: values.map((value) => JSON.stringify(value)), close: "]" });
}

function printUpgrades(versions: readonly number[] | undefined): string {
  if (!versions) return "";
  return `      ${render({ open: "upgrades: [", items: versions.map(String), close: "]" }, "      ", 6, 1)},\n`;
}

function printSensitive(sensitive: Sensitive | undefined): string {
  if (!sensitive) return "";
  const items = storedSides.flatMap((side) => (sensitive[side] ? [listOf(side, sensitive[side])] : []));
  return `      ${render(prefixed("sensitive: ", { open: "{", items, close: "}", spaced: true }), "      ", 6, 1)},\n`;
}

function printSchedules(schedules: JobModel["schedules"]): string {
  if (!schedules) return "";
  const items = Object.keys(schedules)
    .sort()
    .map((name) => prefixed(`${valueKey(name)}: `, printTiming({ ...schedules[name] })));
  const list: Layout = { open: "schedules: {", items, close: "}", broken: true };
  return `      ${render(list, "      ", 6, 1)},\n`;
}

function printTiming(timing: Partial<ScheduleTiming>): Layout {
  const items = Object.entries(timing).map(([option, value]) => `${option}: ${printValue(value)}`);
  return { open: "{", items, close: "}", spaced: true };
}

function printValue(value: ScheduleTiming[keyof ScheduleTiming]): string {
  return typeof value === "object" ? `{ all: ${value.all} }` : JSON.stringify(value);
}

function printUnique(unique: UniquePolicy | undefined): string {
  return unique ? `      ${render(prefixed("unique: ", printKeyed(unique)), "      ", 6, 1)},\n` : "";
}

function printGates(gates: readonly GateDescriptor[] | undefined): string {
  if (!gates) return "";
  const list: Layout = { open: "[", items: gates.map(printKeyed), close: "]" };
  return `      ${render(prefixed("gates: ", list), "      ", 6, 1)},\n`;
}

function printKeyed({ by, ...policy }: UniquePolicy | GateDescriptor): Layout {
  const items: Layout[] = Object.entries(policy).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const paths = typeof by === "object" && { open: "[", items: by.map((path) => JSON.stringify(path)), close: "]" };
  if (by) items.unshift(prefixed("by: ", paths || JSON.stringify(by)));
  return { open: "{", items, close: "}", spaced: true };
}

function printBackoff(backoff: Backoff): string {
  const entries = Object.entries(backoff).map(
    ([key, value]) => `${key}: ${JSON.stringify(value).replaceAll(",", ", ")}`,
  );
  return `{ ${entries.join(", ")} }`;
}

function importLine(names: readonly string[], from: string): string {
  if (names.length === 0) return "";
  const close = `} from "${from}";`;
  return `${render({ open: "import {", items: names, close, spaced: true }, "", 0, 0)}\n`;
}
