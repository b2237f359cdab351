import type { ImportExtension } from "../import-extension.ts";
import type { Model } from "../model/model.ts";

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
  const types = {
    ...model,
    workflows: model.workflows?.map(({ input, output, signals }) => ({ input, output, signals })),
  };
  JSON.stringify(types, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !("kind" in value)) return value;
    if (withBrand && value.kind === "brand") add("zod", "$brand");
    if (value.kind === "written" && "from" in value && "text" in value) {
      const [name] = /[A-Za-z_$][\w$]*/.exec(String(value.text)) ?? [];
      if (name !== undefined) add(rebase(String(value.from), toSchema, extension), name);
    }
    return value;
  });
  return [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([from, list]) => `import type { ${[...list].sort().join(", ")} } from ${JSON.stringify(from)};\n`)
    .join("");
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
