import { createMemo } from "../memo.ts";
import { type JobModel, type Model, type StoredSide, storedSides } from "../model/model.ts";
import type { WirePlan } from "../model/wire-plan.ts";
import type { EmitContext, Emitter } from "./emitter.ts";
import { isList, type Layout, prefixed, render } from "./layout.ts";
import { camelCase, pascalCase, valueKey } from "./text.ts";
import type { TypeNames } from "./type-names.ts";
import { unchecked } from "./unchecked.ts";

/** Names of the codecs in `codecs.ts`, per job and side. */
export function codecName(job: JobModel, side: StoredSide): string {
  return `${camelCase(job.name)}${pascalCase(side)}`;
}

/** The sides of a job that have a codec. */
export function codedSides(job: JobModel, plans: EmitContext["plans"]): readonly StoredSide[] {
  return storedSides.filter((side) => job[side] && plans.plan(job[side].in));
}

/** How values that JSON lacks are stored; no file where no job has any. */
export const codecsEmitter: Emitter = {
  name: "codecs",
  emit(model, context) {
    const text = printCodecs(model, context);
    return text === undefined ? [] : [{ name: "codecs.ts", text }];
  },
};

const printed = createMemo<JobModel, readonly string[]>();

function printCodecs(model: Model, { names, plans, header, shared }: EmitContext): string | undefined {
  const layOut = createPlanLayout(names);
  // All codecs of named types come first, so that those of jobs need not wait for them.
  const root = (plan: WirePlan): Layout => (plan.kind === "ref" ? `${names.ref(plan.id, "in")}Codec` : layOut(plan));
  const codecsOf = (job: JobModel): readonly string[] =>
    storedSides.flatMap((side) => {
      const plan = job[side] && plans.plan(job[side].in);
      if (!plan) return [];
      return [
        `/** How the ${side} of \`${job.name}\` ${side === "errors" ? "are" : "is"} stored. */\n${declare(codecName(job, side), root(plan), "export ")}`,
      ];
    });
  const jobCodecs = model.jobs.flatMap((job) => printed(job, shared, () => codecsOf(job)));
  const namedCodecs = [...plans.named].map(([id, plan]) => declare(`${names.ref(id, "in")}Codec`, layOut(plan)));
  const imports = '\nimport { wire, type WireCodec } from "jobwright/codegen/v1";\n\n';
  const parts = [...namedCodecs, ...jobCodecs];
  return parts.length === 0 ? undefined : header + unchecked + imports + parts.join("\n");
}

function declare(name: string, value: Layout, before = ""): string {
  const start = `${before}const ${name}: WireCodec = `;
  return `${start}${render(value, "", start.length, 1)};\n`;
}

type LayOut = (plan: WirePlan | undefined) => Layout;

function createPlanLayout(names: TypeNames): LayOut {
  function layOut(plan: WirePlan | undefined): Layout {
    if (!plan) return "wire.json";
    switch (plan.kind) {
      case "date":
      case "coercedDate":
      case "bigint":
      case "number":
      case "bytes":
        return `wire.${plan.kind}`;
      case "array":
      case "set":
      case "record":
      case "hole":
        return call(plan.kind, layOut(plan.item));
      case "map":
        return call("map", layOut(plan.key), layOut(plan.value));
      case "tuple": {
        const items: Layout = { open: "[", items: plan.items.map(layOut), close: "]" };
        return call("tuple", items, ...(plan.rest ? [layOut(plan.rest)] : []));
      }
      case "object":
        return call("object", fields(plan.fields), ...objectOptions(plan));
      case "byKind":
        return call("byKind", fields(plan.kinds));
      case "byKey": {
        const cases = plan.cases.map(([text, codec]): Layout => ({
          open: "[",
          items: [text, layOut(codec)],
          close: "]",
        }));
        return call("byKey", JSON.stringify(plan.key), {
          open: "[",
          items: cases,
          close: "]",
          broken: cases.length > 1,
        });
      }
      case "ref":
        return `wire.lazy(() => ${names.ref(plan.id, "in")}Codec)`;
      default:
        return plan satisfies never;
    }
  }

  function fields(entries: readonly (readonly [string, WirePlan])[]): Layout {
    const items = entries.map(([key, plan]) => prefixed(`${valueKey(key)}: `, layOut(plan)));
    return { open: "{", items, close: "}", spaced: true };
  }

  function objectOptions({ rest, restore }: WirePlan & { readonly kind: "object" }): readonly Layout[] {
    const keys: Layout = { open: "restore: [", items: restore.map((key) => JSON.stringify(key)), close: "]" };
    const items = [...(rest ? [prefixed("rest: ", layOut(rest))] : []), ...(restore.length > 0 ? [keys] : [])];
    return items.length === 0 ? [] : [{ open: "{", items, close: "}", spaced: true }];
  }

  return layOut;
}

/** A lone object or list keeps to its brackets, as formatters have it, and so does a list after a text. */
function call(kind: string, ...items: readonly Layout[]): Layout {
  const last = items.at(-1);
  const isLiteral = isList(last) && /^[[{]/.test(last.open);
  const hug = isLiteral && !items.slice(0, -1).some(isList);
  return { open: `wire.${kind}(`, items, close: ")", hug };
}
