import { groupBy } from "../model/group.ts";
import type { JobModel, Model } from "../model/model.ts";
import { label } from "./mermaid-label.ts";

/** A mermaid diagram: schedules → jobs → queues. Only names are in it, and ids are ours. */
export function diagram({ jobs }: Model): string {
  const queues = [...groupBy(jobs, (job) => job.queue)].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = queues.flatMap(([queue, members], index) => [
    `  q${index}[(${label(queue)})]`,
    ...members.flatMap((job) => jobLines(job, `j${jobs.indexOf(job)}`, `q${index}`)),
  ]);
  return ["```mermaid", "flowchart LR", ...lines, "```", ""].join("\n");
}

function jobLines({ name, schedules = {} }: JobModel, id: string, queue: string): readonly string[] {
  const timers = Object.entries(schedules).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `  ${id}[${label(name)}] --> ${queue}`,
    ...timers.map(([schedule, { cron }], index) => `  ${id}s${index}([${label(`${schedule}: ${cron}`)}]) --> ${id}`),
  ];
}
