import type { JobModel, Model } from "../model/model.ts";
import type { WirePlan, WirePlans } from "../model/wire-plan.ts";
import { header, maxWidth, pascalCase, valueKey } from "./text.ts";
import type { TypeNames } from "./type-names.ts";

/** Names of the codecs in `codecs.ts`, per job and side. */
export function codecName(job: JobModel, side: "input" | "output"): string {
  return `${job.name}${pascalCase(side)}`;
}

export interface CodecFile {
  /** Undefined: no job needs a codec. */
  readonly text: string | undefined;
  has(job: JobModel, side: "input" | "output"): boolean;
}

export function emitCodecs(model: Model, names: TypeNames, plans: WirePlans, schema: string, hash: string): CodecFile {
  const print = createPlanPrinter(names);
  const exported = new Set<string>();
  const jobCodecs = model.jobs.flatMap((job) =>
    (["input", "output"] as const).flatMap((side) => {
      const plan = job[side] && plans.plan(job[side].in);
      if (!plan) return [];
      exported.add(codecName(job, side));
      return [
        `/** How the ${side} of \`${job.name}\` is stored. */\nexport const ${declare(codecName(job, side), print(plan))}`,
      ];
    }),
  );
  const namedCodecs = [...plans.named].map(
    ([id, plan]) => `const ${declare(`${names.ref(id, "in")}Codec`, print(plan))}`,
  );
  const imports = 'import { wire, type WireCodec } from "jobwright/codegen/v1";\n\n';
  const parts = [...namedCodecs, ...jobCodecs];
  return {
    text: parts.length === 0 ? undefined : header(schema, hash) + imports + parts.join("\n"),
    has: (job, side) => exported.has(codecName(job, side)),
  };
}

function declare(name: string, text: string): string {
  return `${name}: WireCodec = ${text};\n`;
}

type PrintPlan = (plan: WirePlan, indent?: string) => string;

function createPlanPrinter(names: TypeNames): PrintPlan {
  const item = (plan: WirePlan | undefined, indent: string): string => (plan ? print(plan, indent) : "wire.json");

  function print(plan: WirePlan, indent = ""): string {
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
        return `wire.${plan.kind}(${item(plan.item, indent)})`;
      case "map":
        return `wire.map(${item(plan.key, indent)}, ${item(plan.value, indent)})`;
      case "tuple": {
        const items = plan.items.map((entry) => item(entry, indent)).join(", ");
        return `wire.tuple([${items}]${plan.rest ? `, ${print(plan.rest, indent)}` : ""})`;
      }
      case "object":
        return `wire.object(${printFields(plan.fields, indent)}${printOptions(plan, indent)})`;
      case "byKind":
        return `wire.byKind(${printFields(plan.kinds, indent)})`;
      case "byKey": {
        const cases = plan.cases.map(([text, codec]) => `${indent}  [${text}, ${print(codec, `${indent}  `)}],\n`);
        return `wire.byKey(${JSON.stringify(plan.key)}, [\n${cases.join("")}${indent}])`;
      }
      case "ref":
        return `wire.lazy(() => ${names.ref(plan.id, "in")}Codec)`;
      default:
        return plan satisfies never;
    }
  }

  function printFields(fields: readonly (readonly [string, WirePlan])[], indent: string): string {
    if (fields.length === 0) return "{}";
    const entries = fields.map(([key, plan]) => `${valueKey(key)}: ${print(plan, `${indent}  `)}`);
    const line = `{ ${entries.join(", ")} }`;
    if (line.length + indent.length + 60 <= maxWidth && !line.includes("\n")) return line;
    return `{\n${entries.map((entry) => `${indent}  ${entry},\n`).join("")}${indent}}`;
  }

  function printOptions({ rest, restore }: WirePlan & { readonly kind: "object" }, indent: string): string {
    const options = [
      ...(rest ? [`rest: ${print(rest, indent)}`] : []),
      ...(restore.length > 0 ? [`restore: [${restore.map((key) => JSON.stringify(key)).join(", ")}]`] : []),
    ];
    return options.length === 0 ? "" : `, { ${options.join(", ")} }`;
  }

  return print;
}
