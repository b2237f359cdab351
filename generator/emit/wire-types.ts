import type { JobModel, Model, NamedType } from "../model/model.ts";
import type { EmitContext } from "./emitter.ts";
import { createTypePrinter } from "./print-type.ts";
import { jsDoc, pascalCase } from "./text.ts";
import { wireType } from "./wire-type.ts";

/** Declarations of what is stored, each ended by a newline. */
export interface WireTypes {
  /** None where JSON carries the type as it is. */
  ofNamed(type: NamedType): readonly string[];
  ofJob(job: JobModel): readonly string[];
}

/** A type that JSON carries is stored under its own name, so that it is told once. */
export function createWireTypes(model: Model, { names, plans }: Pick<EmitContext, "names" | "plans">): WireTypes {
  const printer = createTypePrinter(names, "wire");
  const named = new Map(model.named.map(({ id, in: type }) => [id, type]));

  function ofSide({ name: job, ...sides }: JobModel, side: "input" | "output", original: string): readonly string[] {
    const type = sides[side]?.in;
    if (!type) return [];
    const name = `${pascalCase(job)}${pascalCase(side)}Wire`;
    const docs = jsDoc({ text: `What is stored as the ${side} of \`${job}\`: JSON.` });
    const isPlain = plans.plan(type) === undefined;
    return [docs + (isPlain ? `export type ${name} = ${original};\n` : printer.declare(name, wireType(type, named)))];
  }

  return {
    ofNamed({ id, in: type, docs }) {
      const name = names.ref(id, "wire");
      return name === names.ref(id, "in") ? [] : [jsDoc(docs) + printer.declare(name, wireType(type, named))];
    },
    ofJob(job) {
      const name = pascalCase(job.name);
      return [...ofSide(job, "input", `${name}Input`), ...ofSide(job, "output", `${name}Return`)];
    },
  };
}
