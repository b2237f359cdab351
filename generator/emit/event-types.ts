import type { JobModel } from "../model/model.ts";
import { pascalCase, typeKey } from "./text.ts";
import { method } from "./workflow-types.ts";

/** How a client follows the ends of a job. */
export function listenMethod(job: string): string {
  return (
    "  /** Calls `listener` for every such job that ends so from now on, on any process, until what it returns is called. */\n" +
    method(
      "on<Type extends JobEventType>",
      ["type: Type", `listener: (event: JobEnds[${JSON.stringify(job)}][Type]) => unknown`],
      "() => void",
    )
  );
}

/** The ends of a job, as a member of `JobEnds`. */
export function eventsEntry({ name: job, errors }: JobModel): string {
  const name = pascalCase(job);
  const failure = errors ? `, FailureOf<${name}Failures>` : "";
  return `  readonly ${typeKey(job)}: JobEvents<${JSON.stringify(job)}, ${name}Output${failure}>;\n`;
}
