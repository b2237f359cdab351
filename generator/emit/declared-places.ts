import { createMemo } from "../memo.ts";
import { type JobModel, type Model, type StoredSide, storedSides } from "../model/model.ts";
import type { SchemaSource, SourceNode } from "../source/schema-source.ts";
import type { DeclaredAt, DeclaredPlaces } from "./declaration-map.ts";
import { pascalCase } from "./text.ts";
import type { TypeNames } from "./type-names.ts";

/** What `emitTypes` calls the types of each schema. */
const sideSuffixes: Readonly<Record<StoredSide, readonly string[]>> = {
  input: ["Input", "Payload", "InputWire"],
  output: ["Return", "Output", "OutputWire"],
  errors: ["Errors", "Failures"],
  progress: ["Progress", "Seen"],
};

/** Where the schema file has the jobs, and the types of the model. */
export function declaredPlaces(model: Model, names: TypeNames, source: SchemaSource): DeclaredPlaces {
  const perJob = ["Jobs", "JobHandlers", "JobReturns", "JobEnds"].map((name) => [name, placeOf(source.root)] as const);
  const named = model.named.flatMap(({ id, constant }) => {
    const place = placeOf(constant === undefined ? undefined : source.constant(constant));
    return (["in", "out", "wire"] as const).map((side) => [names.ref(id, side), place] as const);
  });
  return new Map([...perJob, ...named, ...model.jobs.flatMap((job) => placesOfJob(job, source))]);
}

type Places = readonly (readonly [string, DeclaredAt | undefined])[];

const places = createMemo<JobModel, Places>();

export function placesOfJob(job: JobModel, source: SchemaSource): Places {
  return places(job, source.entryOf(job.name), () => jobPlaces(job, source.job(job.name)));
}

function jobPlaces(job: JobModel, node: SourceNode | undefined): Places {
  const name = pascalCase(job.name);
  const own = ["Client", "Handler", "Handle", "Outcomes"].map(
    (suffix) => [name + suffix, placeOf(node, false)] as const,
  );
  const sides = storedSides.flatMap((side) => {
    const place = placeOf(node?.child(side));
    return sideSuffixes[side].map((suffix) => [name + suffix, place] as const);
  });
  return [...own, ...sides];
}

function placeOf(node: SourceNode | undefined, hasMembers = true): DeclaredAt | undefined {
  return node && { node, hasMembers };
}
