import { JobwrightError } from "../../contract/index.ts";

/** How far all ends were read: those before a time, and of those at that time the first ones, in the order of the store. */
export interface Position {
  /** Ms since the epoch, by the provider's clock. */
  readonly time: number;
  /** The last of those at that time. Absent: none of them. */
  readonly id?: string;
}

export function cursorOf({ time, id }: Position): string {
  return id === undefined ? String(time) : `${time}:${id}`;
}

/** Throws `JW_INVALID_OPTION`. */
export function positionOf(cursor: string): Position {
  const [, time, id] = /^(\d{1,15})(?::(.+))?$/.exec(cursor) ?? [];
  if (time !== undefined) return { time: Number(time), ...(id === undefined ? {} : { id }) };
  throw new JobwrightError("JW_INVALID_OPTION", `cursor is ${JSON.stringify(cursor)}, which no event has.`, {
    hint: "Pass the `cursor` of an event unchanged, or `since: new Date(…)` for a time.",
  });
}
