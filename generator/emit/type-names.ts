import type { Model, NamedType, Sides, TypeNode } from "../model/model.ts";
import { createRichness } from "../model/richness.ts";
import { previousNames } from "./previous-types.ts";
import { pascalCase } from "./text.ts";
import { workflowSuffixes } from "./workflow-types.ts";

/** Both sides of a schema, and what is stored of the first. */
export type PrintedSide = keyof Sides | "wire";

/** Names of the generated types. */
export interface TypeNames {
  /** Name of a named type on one side; both sides are the same when the type is, and the stored one when JSON carries it. */
  ref(id: string, side: PrintedSide): string;
  /** Whether both sides of a schema are one type. */
  same(sides: Sides): boolean;
}

/** Names that the generated files need for themselves, or that would hide a global type they use. */
const taken =
  "Array Date Map Set Partial Promise Readonly ReadonlyMap ReadonlySet Record Uint8Array EnqueueManyOptions EnqueueOptions SyncEnqueueManyOptions SyncEnqueueOptions " +
  "JobContext BatchContext BatchItem BatchOutcome DeclaredErrors FailureOf Transactional TransactionalContext JobHandle ControlClient TransactionKind FlowClient FlowHandle FlowOptions SyncFlowOptions JobNode NodeSettingsOptions Templated Pick JobHandlers JobReturns JobEnds JobEvents JobEventType ClientEvents QueueJobs QueueName HandlersFor HandlersOf Jobs Error URL URLSearchParams RegExp AbortSignal Headers Blob";

const jobSuffixes = "Input Payload InputWire Return Output OutputWire Errors Failures Handle Handler Client".split(" ");

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
  const { isRichRef } = createRichness(model);
  const names = new Map(
    model.named.map(({ id, name: wish }) => {
      const [input, output] = different.has(id) ? ["Input", "Output"] : ["", ""];
      const wire = isRichRef(id) ? "Wire" : input;
      const name = unusedName(pascalCase(wish), [input, output, wire], used);
      return [id, { in: name + input, out: name + output, wire: name + wire }];
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
