import type { JobHistory } from "../contract/index.ts";

/** The cursor that the last value of typed progress is kept as. No iteration may have its name. */
export const progressKey = "$progress";

/** The stored text of a job's typed progress; undefined: nothing was reported yet. */
export function progressText({ cursors }: Pick<JobHistory, "cursors">): string | undefined {
  return cursors.find(({ key }) => key === progressKey)?.text;
}
