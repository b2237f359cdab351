import type { $ZodType } from "zod/v4/core";
import { JobwrightError, type NeedCondition, needConditions, type Needs } from "../contract/index.ts";
import { type Bindings, canNameNode, mapDrafts, nameRule } from "../core/flow/drafts.ts";
import { createReference } from "../core/flow/expression.ts";
import { endName } from "../core/flow/names.ts";
import { batchPolicies, type Draft, type NodeSettings } from "../core/flow/plan.ts";
import { spliceDrafts } from "../core/flow/splice.ts";
import { encodeTemplate, type Template } from "../core/flow/template.ts";
import { createOptionReader, type OptionReader } from "./option-reader.ts";
import type { WorkflowDefinition, WorkflowPart } from "./options.ts";
import { type Report, show } from "./problems.ts";
import { nearest } from "./suggest.ts";
import { isZod4 } from "./zod-schema.ts";

/** A node of a workflow as it was read. */
export interface DeclaredNode {
  readonly part: WorkflowPart;
  readonly drafts: readonly Draft[];
  /** Of what signals carry, by name. */
  readonly signals?: Readonly<Record<string, $ZodType>>;
}

interface Surroundings {
  readonly workflow: string;
  /** Namespaces that the workflow is in, from outside inwards. */
  readonly scope: readonly string[];
  readonly jobs: readonly string[];
  readonly workflows: readonly string[];
  /** One that contains itself, and one that was refused, is undefined. */
  readonly definitionOf: (workflow: string) => WorkflowDefinition | undefined;
  readonly report: Report;
}

const kinds = ["job", "workflow", "signal", "timer"] as const;
type Kind = (typeof kinds)[number];

const bindingOptions = ["after", "any", "if"] as const;

const optionsOfKind = {
  job: [
    "job",
    "input",
    "each",
    "when",
    "delay",
    "priority",
    "timeout",
    "maxAttempts",
    "expireAfter",
    ...bindingOptions,
  ],
  workflow: ["workflow", "input", "delay", ...bindingOptions],
  signal: ["signal", "timeout", ...bindingOptions],
  timer: ["timer", ...bindingOptions],
} as const satisfies Readonly<Record<Kind, readonly string[]>>;

/** What one node is read with. */
interface NodePlace {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly read: OptionReader;
  readonly bindings: Bindings;
}

/** Undefined: the node was refused. */
export function createNodeReader(around: Surroundings): (name: string, node: unknown) => DeclaredNode | undefined {
  const { workflow, report } = around;
  const refuse = (path: readonly string[], message: string, hint: string): undefined => {
    report({ job: workflow, path: ["nodes", ...path], message: `${workflow}.nodes.${message}`, hint });
  };

  function template(value: unknown, path: readonly string[]): Template | undefined {
    return readTemplate(value, { workflow, path: ["nodes", ...path], report });
  }

  function readBindings(name: string, read: OptionReader, values: NodePlace["values"]): Bindings {
    const after = readAfter(name, values["after"]);
    const condition = values["if"] === undefined ? undefined : template(values["if"], [name, "if"]);
    const mode: Needs["mode"] = "any";
    return {
      ...(after.size === 0 ? {} : { after }),
      ...(read.flag("any") ? { mode } : {}),
      ...(condition === undefined ? {} : { condition }),
    };
  }

  function readAfter(name: string, after: unknown): ReadonlyMap<string, NeedCondition> {
    if (after === undefined) return new Map();
    if (typeof after !== "object" || after === null || Array.isArray(after)) {
      refuse(
        [name, "after"],
        `${name}.after is ${show(after)}, not an object.`,
        'Write after: { sheet: "succeeded" }.',
      );
      return new Map();
    }
    const edges = Object.entries(after).flatMap(([node, when]): [string, NeedCondition][] => {
      const condition = needConditions.find((known) => known === when);
      if (condition) return [[node, condition]];
      const choices = needConditions.map((known) => JSON.stringify(known)).join(", ");
      refuse([name, "after", node], `${name}.after.${node} is ${show(when)}.`, `Use one of ${choices}.`);
      return [];
    });
    return new Map(edges);
  }

  function readTarget(place: NodePlace, kind: "job" | "workflow", names: readonly string[]): string | undefined {
    const target = place.values[kind];
    const full = [...around.scope, target].join(".");
    if (typeof target === "string" && names.includes(full)) return full;
    const meant = typeof target === "string" ? nearest(target, names) : undefined;
    const list = names.length === 0 ? `The schema has no ${kind}s.` : `There are ${names.join(", ")}.`;
    return refuse(
      [place.name, kind],
      `${place.name}.${kind} is ${show(target)}, which is no ${kind} of the schema.`,
      meant === undefined ? list : `Did you mean "${meant}"?`,
    );
  }

  function readJob(place: NodePlace): DeclaredNode | undefined {
    const { name, values, read, bindings } = place;
    const job = readTarget(place, "job", around.jobs);
    const isMap = values["each"] !== undefined;
    if (!isMap && values["when"] !== undefined) {
      refuse([name, "when"], `${name}.when is given, but there is no each.`, "Leave it out.");
    }
    const policy = read.oneOf("when", batchPolicies, "succeeded");
    const settings = readSettings(read);
    const input = template(inputOf(values["input"], isMap), [name, "input"]);
    const items = isMap ? template(values["each"], [name, "each"]) : undefined;
    if (job === undefined || input === undefined || (isMap && items === undefined)) return undefined;
    const part = partOf(name, "job", bindings, { target: job, input, ...(items === undefined ? {} : { each: items }) });
    if (items !== undefined)
      return { part, drafts: mapDrafts({ name, items, job, input, policy, ...settings, bindings }) };
    return { part, drafts: [{ name, action: { kind: "job", job, input }, ...settings, ...bindings }] };
  }

  function readPart(place: NodePlace): DeclaredNode | undefined {
    const { name, values, read, bindings } = place;
    const target = readTarget(place, "workflow", around.workflows);
    const input = template(values["input"] ?? {}, [name, "input"]);
    const inner = target === undefined ? undefined : around.definitionOf(target);
    if (!inner || input === undefined) return undefined;
    const delayMs = read.has("delay") ? read.duration("delay", "1s") : undefined;
    const part = partOf(name, "workflow", bindings, { target: inner.name, input });
    const signals = Object.entries(inner.signals).map(([signal, schema]) => [`${name}/${signal}`, schema] as const);
    const drafts = spliceDrafts({ name, workflow: inner.name, plan: inner.plan, input, delayMs, bindings });
    return { part, drafts, signals: Object.fromEntries(signals) };
  }

  function readSignal({ name, values, read, bindings }: NodePlace): DeclaredNode | undefined {
    const { signal } = values;
    if (!isZod4(signal))
      return refuse(
        [name, "signal"],
        `${name}.signal is ${show(signal)}, not a zod schema.`,
        "Write signal: z.object({ … }).",
      );
    const timeoutMs = read.has("timeout") ? { timeoutMs: read.duration("timeout", "1d") } : {};
    return {
      part: partOf(name, "signal", bindings),
      drafts: [{ name, action: { kind: "signal", ...timeoutMs, of: { workflow, signal: name } }, ...bindings }],
      signals: { [name]: signal },
    };
  }

  function readTimer({ name, read, bindings }: NodePlace): DeclaredNode {
    const settings = { delayMs: read.duration("timer", "1s") };
    return {
      part: partOf(name, "timer", bindings),
      drafts: [{ name, action: { kind: "timer" }, settings, ...bindings }],
    };
  }

  const readers = { job: readJob, workflow: readPart, signal: readSignal, timer: readTimer };

  return (name, node) => {
    if (!canNameNode(name) || name === endName) {
      const reason = name === endName ? "is the name of the end" : "cannot name a node";
      return refuse([name], `${name} ${reason}.`, nameRule);
    }
    const read = createOptionReader(node, { job: workflow, path: ["nodes", name], report });
    if (typeof node !== "object" || node === null || Array.isArray(node)) return undefined;
    const values = node as Readonly<Record<string, unknown>>; // an object
    const [kind, ...others] = kinds.filter((known) => values[known] !== undefined);
    if (kind === undefined || others.length > 0) {
      return refuse(
        [name],
        `${name} is ${kind === undefined ? "none" : [kind, ...others].join(" and ")} of job, workflow, signal and timer.`,
        "Give exactly one of them.",
      );
    }
    read.known(optionsOfKind[kind]);
    return readers[kind]({ name, values, read, bindings: readBindings(name, read, values) });
  };
}

/** With `each` a function of the item. */
function inputOf(input: unknown = {}, isMap: boolean): unknown {
  if (!isMap || typeof input !== "function") return input;
  return (input as (item: object) => unknown)(createReference({ of: "item", path: [] })); // a function
}

/** Nothing if there are none. */
function readSettings(read: OptionReader): { readonly settings?: NodeSettings } {
  const settings: NodeSettings = {
    ...(read.has("delay") ? { delayMs: read.duration("delay", "1s") } : {}),
    ...(read.has("priority") ? { priority: read.integer("priority", { min: -32_768, max: 32_767, fallback: 0 }) } : {}),
    ...(read.has("timeout") ? { timeoutMs: read.duration("timeout", "1m") } : {}),
    ...(read.has("maxAttempts")
      ? { maxAttempts: read.integer("maxAttempts", { min: 1, max: 2_147_483_647, fallback: 1 }) }
      : {}),
    ...(read.has("expireAfter") ? { expireAfterMs: read.duration("expireAfter", "1d") } : {}),
  };
  return Object.keys(settings).length === 0 ? {} : { settings };
}

function partOf(
  name: string,
  kind: WorkflowPart["kind"],
  { condition }: Bindings,
  rest: Pick<WorkflowPart, "target" | "input" | "each"> = {},
): WorkflowPart {
  return { name, kind, ...rest, ...(condition === undefined ? {} : { condition }) };
}

interface TemplatePlace {
  readonly workflow: string;
  readonly path: readonly string[];
  readonly report: Report;
}

/** Undefined: something in it cannot be stored, which was reported. */
export function readTemplate(value: unknown, { workflow, path, report }: TemplatePlace): Template | undefined {
  try {
    return encodeTemplate(value, [workflow, ...path].join("."));
  } catch (error) {
    if (!JobwrightError.is(error)) throw error;
    report({ job: workflow, path, message: error.message, hint: error.hint ?? "" });
    return undefined;
  }
}
