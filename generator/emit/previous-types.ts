import type { ContractNode, JobContract } from "../model/contract.ts";
import type { JobModel, Model, TypeNode } from "../model/model.ts";
import { contractType } from "./contract-type.ts";
import type { Emitter } from "./emitter.ts";
import { createTypePrinter } from "./print-type.ts";
import { jsDoc, pascalCase } from "./text.ts";
import { wireType } from "./wire-type.ts";

/** What older versions of jobs stored, for the functions of `upgrade`; no file without any. */
export const previousTypesEmitter: Emitter = {
  name: "previous types",
  emit(model, { header }) {
    const types = model.jobs.flatMap((job) => (job.upgrades ?? []).map((version) => printVersion(job, version)));
    return types.length === 0 ? [] : [{ name: "previous.ts", text: header + types.join("\n") }];
  },
};

/** Names of the types, in the order of the file. */
export function previousNames({ jobs }: Model): readonly string[] {
  return jobs.flatMap(({ name, upgrades = [] }) => upgrades.map((version) => previousName(name, version)));
}

/** What the generated code calls the values that a version stored, e.g. `SendEmailV1`. */
function previousName(job: string, version: number): string {
  return `${pascalCase(job)}V${version}`;
}

function printVersion({ name, previous = [] }: JobModel, version: number): string {
  const contract = previous.find((entry) => entry.version === version)?.contract;
  const type = previousName(name, version);
  const about = `What version ${version} of \`${name}\` stored, as plain JSON.`;
  if (contract) return printContract(type, about, contract);
  return `${jsDoc({ text: `${about} The lock does not know that version.` })}export type ${type} = unknown;\n`;
}

function printContract(type: string, about: string, { input, types = {} }: JobContract): string {
  const names = namesOf(type, Object.keys(types));
  const printer = createTypePrinter({ ref: (id) => names.get(id) ?? "never", same: () => true }, "wire");
  const named = new Map(Object.entries(types).map(([name, node]) => [name, contractType(node, types)]));
  const stored = (node: ContractNode): TypeNode => wireType(contractType(node, types), named);
  const root = jsDoc({ text: about }) + printer.declare(type, stored(input));
  const parts = usedTypes(input, types).map((name) => {
    const text = printer.declare(names.get(name) ?? name, stored(types[name] ?? { kind: "never" }));
    return jsDoc({ text: `A part of \`${type}\`.` }) + text;
  });
  return [root, ...parts].join("\n");
}

/** Recursive types of a contract under names of their own, which no other version has. */
function namesOf(type: string, ids: readonly string[]): ReadonlyMap<string, string> {
  const used = new Set<string>();
  return new Map(
    ids.map((id) => {
      const wish = `${type}${pascalCase(id)}`;
      let name = wish;
      for (let number = 2; used.has(name); number++) name = wish + String(number);
      used.add(name);
      return [id, name] as const;
    }),
  );
}

/** The recursive types that an input leads to, in the order of their names; outputs and errors have theirs as well. */
function usedTypes(input: JobContract["input"], types: Required<JobContract>["types"]): readonly string[] {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    JSON.stringify(node, (_, value: unknown) => {
      const name = refName(value);
      if (name !== undefined && !found.has(name)) {
        found.add(name);
        visit(types[name]);
      }
      return value;
    });
  };
  visit(input);
  return [...found].sort();
}

function refName(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("kind" in value) || value.kind !== "ref") return undefined;
  return "name" in value ? String(value.name) : undefined;
}
