import type { Clock, NewJob } from "../contract/index.ts";

/** Makes jobs for tests: ids are UUIDv7 in shape and growing, but predictable. */
export function createJobFactory(clock: Clock): (overrides?: Partial<NewJob>) => NewJob {
  let count = 0;
  return (overrides = {}) => ({
    id: predictableId(clock.now(), ++count),
    name: "mail",
    queue: "mail",
    version: 1,
    priority: 0,
    maxCrashes: 3,
    payload: "{}",
    ...overrides,
  });
}

function predictableId(nowMs: number, count: number): string {
  const time = nowMs.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${count.toString(16).padStart(12, "0")}`;
}
