import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** Something that a handler did. */
export interface HistoryEvent {
  /** Flow and name of the node. */
  readonly node: string;
  readonly event: "started" | "ended" | "failed";
  readonly attempt: number;
  /** What a run that has ended returns. */
  readonly token?: string;
  /** What a run that starts has got. */
  readonly given?: unknown;
}

/** One line, in one system call: all processes append to the same file, and its order is that of what happened. */
export function record(file: string, event: HistoryEvent): void {
  appendFileSync(file, `${JSON.stringify(event)}\n`);
}

export function readHistory(file: string): readonly HistoryEvent[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as HistoryEvent); // by `record`
}
