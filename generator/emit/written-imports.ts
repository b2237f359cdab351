import type { ImportExtension } from "../import-extension.ts";
import { createMemo } from "../memo.ts";
import type { JobModel, Model } from "../model/model.ts";

/** Imports of the types that the user wrote, and of zod's brand. */
export function typeImports(model: Model, toSchema: string, extension: ImportExtension): string {
  return printImports(model, toSchema, extension, true);
}

/**
 * Imports of the types that the user wrote in `.meta({ tsType, import })`. `toSchema`: the way from the generated folder to
 * the schema's folder, e.g. `../`.
 */
export function writtenImports(model: Model, toSchema: string, extension: ImportExtension): string {
  return printImports(model, toSchema, extension, false);
}

function printImports(model: Model, toSchema: string, extension: ImportExtension, withBrand: boolean): string {
  const names = new Map<string, Set<string>>();
  const add = (from: string, name: string): void => void names.set(from, (names.get(from) ?? new Set()).add(name));
  // The plans hold values of the user, which may look like a type.
  const flows = model.workflows?.map(({ input, output, signals }) => ({ input, output, signals }));
  const parts = [...model.jobs.map((job) => uses(job, undefined, () => usesIn(job))), usesIn([model.named, flows])];
  for (const { hasBrand, written } of parts) {
    if (withBrand && hasBrand) add("zod", "$brand");
    for (const [from, name] of written) add(rebase(from, toSchema, extension), name);
  }
  return [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([from, list]) => `import type { ${[...list].sort().join(", ")} } from ${JSON.stringify(from)};\n`)
    .join("");
}

/** What types are used that are declared elsewhere. */
interface Uses {
  readonly hasBrand: boolean;
  /** As the schema file imports them. */
  readonly written: readonly (readonly [from: string, name: string])[];
}

const uses = createMemo<JobModel, Uses>();

function usesIn(part: object): Uses {
  let hasBrand = false;
  const written: (readonly [string, string])[] = [];
  JSON.stringify(part, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !("kind" in value)) return value;
    if (value.kind === "brand") hasBrand = true;
    if (value.kind === "written" && "from" in value && "text" in value) {
      const [name] = /[A-Za-z_$][\w$]*/.exec(String(value.text)) ?? [];
      if (name !== undefined) written.push([String(value.from), name]);
    }
    return value;
  });
  return { hasBrand, written };
}

function rebase(from: string, toSchema: string, extension: ImportExtension): string {
  if (!from.startsWith(".")) return from;
  const path = `${toSchema}${from.replace(/^\.\//, "")}`;
  return extension === ".js" ? path.replace(/\.(m?)ts$/, ".$1js") : path.replace(/\.(m?)js$/, ".$1ts");
}

/** The folder of the schema as seen from the generated one, for imports. */
export function pathToSchema(schema: string): string {
  return schema.includes("/") ? schema.slice(0, schema.lastIndexOf("/") + 1) : "./";
}
