import type { Model, NamedType, Sides, TypeNode } from "../model/model.ts";
import { previousNames } from "./previous-types.ts";
import { pascalCase } from "./text.ts";
import { workflowSuffixes } from "./workflow-types.ts";

export type Side = keyof Sides;

/** Names of the generated types. */
export interface TypeNames {
  /** Name of a named type on one side; both are the same when the type is. */
  ref(id: string, side: Side): string;
  /** Whether both sides of a schema are one type. */
  same(sides: Sides): boolean;
}

/** Names that the generated files need for themselves, or that would hide a global type they use. */
const taken =
  "Array Date Map Set Partial Promise Readonly ReadonlyMap ReadonlySet Record Uint8Array EnqueueManyOptions EnqueueOptions SyncEnqueueManyOptions SyncEnqueueOptions " +
  "JobContext BatchContext BatchItem BatchOutcome DeclaredErrors FailureOf Transactional TransactionalContext JobHandle ControlClient TransactionKind FlowClient FlowHandle FlowOptions SyncFlowOptions JobNode NodeSettingsOptions Templated Pick JobHandlers JobReturns JobEnds JobEvents JobEventType ClientEvents QueueJobs QueueName HandlersFor HandlersOf Jobs Error URL URLSearchParams RegExp AbortSignal Headers Blob";

const jobSuffixes = ["Input", "Payload", "Return", "Output", "Errors", "Failures", "Handle", "Handler", "Client"];

export function createTypeNames(model: Model): TypeNames {
  const different = findDifferent(model.named);
  const used = new Set([
    ...taken.split(" "),
    ...previousNames(model),
    ...model.jobs.flatMap((job) =>
      [...jobSuffixes, ...(job.batch ? ["Outcomes"] : []), ...(job.progress ? ["Progress", "Seen"] : [])].map(
        (suffix) => pascalCase(job.name) + suffix,
      ),
    ),
    ...(model.workflows ?? []).flatMap(({ name }) => workflowSuffixes.map((suffix) => pascalCase(name) + suffix)),
  ]);
  const names = new Map(
    model.named.map((named) => {
      const endings = different.has(named.id) ? ["Input", "Output"] : [""];
      const name = unusedName(pascalCase(named.name), endings, used);
      return [
        named.id,
        different.has(named.id) ? { in: `${name}Input`, out: `${name}Output` } : { in: name, out: name },
      ];
    }),
  );
  return {
    ref: (id, side) => names.get(id)?.[side] ?? "never",
    same: (sides) => isSame(sides, different),
  };
}

function unusedName(wish: string, endings: readonly string[], used: Set<string>): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wish : `${wish}${count}`;
    if (endings.some((ending) => used.has(name + ending))) continue;
    for (const ending of endings) used.add(name + ending);
    return name;
  }
}

/** Named types whose sides differ, by themselves or through a type that they refer to. */
function findDifferent(named: readonly NamedType[]): ReadonlySet<string> {
  const different = new Set<string>();
  for (let before = -1; before < different.size;) {
    before = different.size;
    for (const type of named) if (!isSame(type, different)) different.add(type.id);
  }
  return different;
}

function isSame(sides: Sides, different: ReadonlySet<string>): boolean {
  const text = shapeText(sides.in);
  return text === shapeText(sides.out) && !refsIn(sides.in).some((id) => different.has(id));
}

/** Without what does not show in a type. */
function shapeText(type: TypeNode): string {
  return JSON.stringify(type, (key, value: unknown) =>
    ["docs", "coerce", "special", "stored"].includes(key) ? undefined : value,
  );
}

function refsIn(type: TypeNode): readonly string[] {
  const ids: string[] = [];
  JSON.stringify(type, (_, value: unknown) => {
    if (typeof value === "object" && value !== null && "kind" in value && value.kind === "ref" && "id" in value)
      ids.push(String(value.id));
    return value;
  });
  return ids;
}
