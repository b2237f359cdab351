/**
 * The process that runs the user's schema file. It is started for one load, so that nothing the file does (prints, leaves
 * timers, changes globals) reaches the generator; one that was made ready before then takes edits of entries, too.
 */
import { pathToFileURL } from "node:url";
import { JobwrightError } from "../../runtime/contract/errors.ts";
import type { SchemaProblem } from "../../runtime/schema/problems.ts";
import type { JobModel, Problem } from "../model/model.ts";
import { describeModule } from "./describe.ts";
import { createEditor, type Editor } from "./edit.ts";
import { createHints } from "./hints.ts";
import type { ChildMessage, Compiling, ParentMessage } from "./protocol.ts";
import { refusal } from "./refusals.ts";
import { opened, openScope } from "./scope.ts";
import { warmUp } from "./warm-up.ts";

const [file, mode] = process.argv.slice(2);
const send = process.send?.bind(process);
const exit = process.exit.bind(process);
// What the schema imports may tell whoever started it that it is ready; that would be taken for the answer.
delete process.send;
let known: ReadonlyMap<string, number> = new Map();
let editor: Editor | undefined;

const unreadable = {
  toJson: {
    type: "unreadable",
    message: "or something that it imports, gives every object a `toJSON`, so that nothing can be read of it.",
    hint: "Leave Object.prototype and Array.prototype as they are.",
  },
  tooDeep: {
    type: "unreadable",
    message: `has a schema that ${refusal.tooDeep.message}`,
    hint: refusal.tooDeep.hint,
  },
} as const satisfies Readonly<Record<string, ChildMessage>>;

if (file !== undefined && send) {
  const waits = mode === "wait";
  // The channel closes when the generator ends first; nobody is left to load for.
  process.on("disconnect", () => exit(0));
  if (waits) {
    openScope(file);
    await waitForGo(file);
  }
  // Without this, a top-level await that nothing can settle would wait until the time is up, instead of ending here.
  process.channel?.unref();
  const message = await load(file);
  if (waits && editor) takeEdits(editor, send);
  send(message, () => {
    if (!editor) exit(0);
  });
}

/** Until the schema has changed: what every load does first is done before, and the texts of the last load are learnt. */
async function waitForGo(path: string): Promise<void> {
  let isGo = false;
  const go = new Promise<void>((resolve) => {
    const listen = (message: ParentMessage): void => {
      if (message.type === "known") known = new Map(message.texts.map((text, index) => [text, index]));
      if (message.type !== "go") return;
      isGo = true;
      process.off("message", listen);
      resolve();
    };
    process.on("message", listen);
  });
  await warmUp(
    (module) => describeModule(module, createHints(path, tellCompiling)),
    () => isGo,
  );
  await go;
}

async function load(path: string): Promise<ChildMessage<JobModel | number>> {
  let namespace: object;
  try {
    namespace = await import(pathToFileURL(path).href);
  } catch (error) {
    return removeToJson() ? unreadable.toJson : failure(error);
  }
  if (removeToJson()) return unreadable.toJson;
  try {
    const { module, evaluate } = opened(namespace);
    const hints = createHints(path, tellCompiling);
    if (evaluate) editor = createEditor({ module, evaluate, hints, path });
    const { jobs, workflows, ...rest } = editor?.described ?? describeModule(module, hints);
    const message = { type: "loaded", jobs, ...(workflows.length > 0 ? { workflows } : {}), ...rest } as const;
    return withoutKnown(message);
  } catch (error) {
    if (error instanceof RangeError && error.message.includes("call stack")) return unreadable.tooDeep;
    // A getter of a recursive schema is user code too.
    return failure(error);
  }
}

/** For as long as the generator lives. */
function takeEdits({ apply }: Editor, answer: NonNullable<typeof send>): void {
  process.channel?.ref();
  process.on("message", (message: ParentMessage) => {
    if (message.type === "edit") answer(apply(message) ?? { type: "declined" });
  });
}

/** Whether there was one, which would have been asked for the message to the generator, too. */
function removeToJson(): boolean {
  const found = [Object.prototype, Array.prototype].filter((prototype) => "toJSON" in prototype);
  for (const prototype of found) Reflect.deleteProperty(prototype, "toJSON");
  return found.length > 0;
}

function withoutKnown(message: ChildMessage): ChildMessage<JobModel | number> {
  if (message.type !== "loaded" || known.size === 0) return message;
  return { ...message, jobs: message.jobs.map((job) => known.get(JSON.stringify(job)) ?? job) };
}

function failure(error: unknown): ChildMessage {
  if (JobwrightError.is(error) && error.code === "JW_SCHEMA_INVALID")
    return { type: "invalid", problems: problemsOf(error), stack: error.stack ?? "" };
  if (JobwrightError.is(error) && error.code === "JW_SCHEMA_LOAD") {
    return { type: "no-schema", message: error.message, hint: error.hint ?? "" };
  }
  if (error instanceof Error)
    return { type: "threw", message: `${error.name}: ${error.message}`, stack: error.stack ?? "" };
  return { type: "threw", message: `a thrown ${typeof error}: ${textOf(error)}`, stack: "" };
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "it has no text";
  }
}

function problemsOf(error: JobwrightError): readonly Problem[] {
  const problems = error.details["problems"] as readonly SchemaProblem[]; // put there by defineJobs
  return problems.map((problem) => ({ ...problem, code: "JW_SCHEMA_INVALID" }));
}

function tellCompiling(): void {
  const message: Compiling = { type: "compiling" };
  send?.(message);
}
