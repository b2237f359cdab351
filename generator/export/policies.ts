import type { JobModel } from "../model/model.ts";

/** What is no policy: the name, the words, the types, and what is made of them. */
const others: ReadonlySet<string> = new Set<keyof JobModel>([
  "name",
  "queue",
  "docs",
  "input",
  "output",
  "errors",
  "progress",
  "contract",
  "parse",
  "previous",
]);

/** The policies that a job has, as the model has them. One that is added to the model shows up by itself. */
export function policiesOf(job: JobModel): readonly (readonly [key: string, value: unknown])[] {
  return Object.entries(job).filter(([key]) => !others.has(key));
}
