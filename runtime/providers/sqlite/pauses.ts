import type { Paused, PauseTarget } from "../../contract/index.ts";
import type { Connection } from "./connection.ts";
import * as statements from "./statements.ts";

/* What claims leave alone. */

export function pause(connection: Connection, target: PauseTarget, now: number): void {
  if ("queue" in target) connection.run(statements.pauseQueue, { name: target.queue, now });
  else connection.run(statements.pauseDefinition, { name: target.name, now });
}

export function resume(connection: Connection, target: PauseTarget): void {
  if ("queue" in target) connection.run(statements.resumeQueue, { name: target.queue });
  else connection.run(statements.resumeDefinition, { name: target.name });
}

/** Sorted here, as SQLite sorts by code points. */
export function paused(connection: Connection): Paused {
  const queues = connection.raw<[name: string]>(statements.selectPausedQueues, {}).map(([name]) => name);
  return { queues: queues.sort(), names: pausedDefinitions(connection).sort() };
}

export function pausedDefinitions(connection: Connection): string[] {
  return connection.raw<[name: string]>(statements.selectPausedDefinitions, {}).map(([name]) => name);
}
