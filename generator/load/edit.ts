import { defineJobs } from "../../runtime/schema/index.ts";
import { declaredOf } from "../../runtime/schema/namespaces.ts";
import type { JobModel } from "../model/model.ts";
import { createDescriber, type Described, schemaIn } from "./describe.ts";
import { createHints, type Hints } from "./hints.ts";
import type { Edit, Edited } from "./protocol.ts";

export interface EditorOptions {
  /** What the schema file exports. */
  readonly module: object;
  /** The value of an expression as it would be within the file. */
  readonly evaluate: (code: string) => unknown;
  readonly hints: Hints;
  /** Absolute path of the schema file. */
  readonly path: string;
}

/** A schema that was run, and of which single entries can be replaced. */
export interface Editor {
  /** As it was run. */
  readonly described: Described;
  /**
   * Undefined: all of the file has to be run, because an entry throws, or is refused, or has its say in names of types that others
   * have as well. Nothing more can be asked then.
   */
  apply(edit: Edit): Edited | undefined;
}

/** Throws what reading the schema throws. */
export function createEditor({ module, evaluate, hints, path }: EditorOptions): Editor {
  let now = hints;
  const describer = createDescriber(module, {
    at: (place) => now.at(place),
    inferredAt: (place) => now.inferredAt(place),
  });
  const schema = schemaIn(module);
  const described = describer.describe(schema);
  const { declarations, options } = declaredOf(schema) ?? { declarations: {}, options: {} };
  let current = { declarations: declarations as Declarations, described }; // `defineJobs` took them for jobs

  function tryApply({ code, keys, excerpt }: Edit): Edited | undefined {
    const added = evaluate(code) as Declarations; // an object literal
    const before = current;
    const all = Object.fromEntries(
      keys.map((key) => [key, (Object.hasOwn(added, key) ? added : before.declarations)[key]]),
    );
    now = createHints(path, () => refuseCompiling(), excerpt);
    const next = defineJobs(all as never, options); // checked by it
    const isKept = ({ name }: JobModel): boolean => {
      const [key = name] = name.split(".", 1);
      return before.declarations[key] === all[key];
    };
    const kept = new Map(before.described.jobs.filter(isKept).map((job) => [job.name, job]));
    const after = describer.describe(next, kept);
    if (after.problems.length > 0 || placesOfNames(before.described, kept) !== placesOfNames(after, kept))
      return undefined;
    current = { declarations: all, described: after };
    const { jobs, workflows } = after;
    return {
      type: "edited",
      names: jobs.map(({ name }) => name),
      jobs: jobs.filter(({ name }) => !kept.has(name)),
      ...(workflows.length > 0 ? { workflows } : {}),
    };
  }

  return {
    described,
    apply(edit) {
      try {
        return tryApply(edit);
      } catch {
        // Running the file tells what there is to tell.
        return undefined;
      }
    },
  };
}

type Declarations = Readonly<Record<string, unknown>>;

function refuseCompiling(): never {
  throw new Error("the compiler reads whole files");
}

/** Where jobs that are not kept lead to types with names: these names are numbered and made up in the order of their places. */
function placesOfNames({ jobs, named }: Described, kept: ReadonlyMap<string, JobModel>): string {
  const places = jobs.filter(({ name }) => !kept.has(name)).flatMap((job) => refsIn(job, job.name));
  return JSON.stringify([named.length, places]);
}

function refsIn(value: unknown, place: string): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  if ("kind" in value && value.kind === "ref" && "id" in value) return [`${place} ${String(value.id)}`];
  return Object.entries(value).flatMap(([key, inner]) => refsIn(inner, `${place}/${keyOf(inner) ?? key}`));
}

/** Other properties of the same object may come and go. */
function keyOf(value: unknown): string | undefined {
  return typeof value === "object" && value !== null && "key" in value ? String(value.key) : undefined;
}
