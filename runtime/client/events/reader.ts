import type { JobRecord, Provider } from "../../contract/index.ts";
import { maxPage } from "../../core/paging.ts";
import type { Position } from "./position.ts";

/** A job that ended. */
export interface End {
  readonly record: JobRecord;
  /** Where a reader that comes later goes on, so that it misses nothing that comes behind this end. */
  readonly position: Position;
}

export interface Ends {
  readonly ends: readonly End[];
  /** Whether the next call finds more without waiting. */
  readonly more: boolean;
}

/** Reads the ends of jobs from a position on, each of them once. One call at a time. */
export interface EndReader {
  /** The next page. When it rejects, the next call reads the same. */
  read(): Promise<Ends>;
}

export interface EndReaderOptions {
  /** Absent: the moment of the call. */
  readonly from: Position | undefined;
  /** How much later than its time an end may show. */
  readonly lateMs: number;
  /** Jobs per page. Records come whole, so a page of large ones is large. */
  readonly limit?: number;
}

/** An end whose transaction is under way while the store is asked shows at the next look, not only after `lateMs`. */
const overlapMs = 250;

/** A look at all ends from a time on, page by page. */
interface Scan {
  readonly since: number;
  readonly cursor: string | undefined;
  /** Whether it began where everything before is settled. */
  readonly whole: boolean;
  /** Ends before this time had all shown when the scan began. */
  readonly settles: number | undefined;
}

/**
 * The store lists ends by their time, but does not show them in that order: one with an earlier time may come after one with
 * a later time was read. So there are two marks. From `ahead` on nothing was read yet. Before `settled` nothing new will
 * show; between the two the ends that were told are remembered, and looked through again once they are old enough.
 */
export function createEndReader(provider: Provider, options: EndReaderOptions): EndReader {
  const { from, lateMs, limit = 200 } = options;
  const createdAt = performance.now();
  const told = new Map<string, number>();
  let settled: Position | undefined;
  let ahead = 0;
  let clock = 0;
  let scan: Scan | undefined;

  async function begin(): Promise<Position> {
    if (!from) {
      const { now } = await provider.finished({ since: Number.MAX_SAFE_INTEGER, limit: 1 });
      // The call came earlier than the answer; by how much, the clock of this process tells.
      return { time: Math.max(0, now - Math.ceil(performance.now() - createdAt)) };
    }
    for (const key of from.id === undefined ? [] : await keysUpTo(provider, from.time, from.id))
      told.set(key, from.time);
    return from;
  }

  /** Whether it is time to look for what showed late. More often costs more calls, but no job more than two reads. */
  const isDue = (at: Position): boolean => clock > at.time + 1.25 * lateMs;

  function nextScan(at: Position): Scan {
    const whole = ahead <= at.time || isDue(at);
    return { since: whole ? at.time : ahead, cursor: undefined, whole, settles: undefined };
  }

  /** Forgets what will not be read again. */
  function settle(position: Position): void {
    settled = position;
    for (const [key, time] of told) if (time < position.time) told.delete(key);
  }

  return {
    async read() {
      if (!settled) {
        settled = await begin();
        ahead = settled.time;
      }
      const { since, cursor, whole, settles: before } = scan ?? nextScan(settled);
      const page = await provider.finished({ since, limit, ...(cursor === undefined ? {} : { cursor }) });
      const settles = before ?? page.now - lateMs;
      clock = page.now;

      let position = settled;
      const ends: End[] = [];
      for (const record of page.jobs) {
        const time = record.finishedAt ?? page.now;
        if (whole && time < settles) position = { time, id: record.id };
        const key = keyOf(record);
        if (told.has(key)) continue;
        told.set(key, time);
        ends.push({ record, position });
      }

      const last = page.jobs.at(-1)?.finishedAt ?? 0;
      const over = page.cursor === undefined || (whole && last > settles && last < ahead);
      if (over && whole && settles > position.time) position = { time: settles };
      scan = over ? undefined : { since, cursor: page.cursor, whole, settles };
      // What a page leaves out begins at its last time.
      const readTo = page.cursor === undefined ? page.now - Math.min(overlapMs, lateMs) : last;
      if (over || whole) ahead = Math.max(ahead, position.time, readTo);
      settle(position);
      return { ends, more: page.cursor !== undefined || isDue(position) };
    },
  };
}

/** Of an end, so that a job that was run again and ended again has another one. */
function keyOf({ id, fence, finishedAt, state }: JobRecord): string {
  return `${id} ${fence} ${finishedAt} ${state}`;
}

/** The ends at a time up to that of a job; none if it is not there, so that they come again rather than be missed. */
async function keysUpTo(provider: Provider, time: number, id: string): Promise<readonly string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await provider.finished({ since: time, limit: maxPage, ...(cursor === undefined ? {} : { cursor }) });
    for (const record of page.jobs) {
      if (record.finishedAt !== time) return [];
      keys.push(keyOf(record));
      if (record.id === id) return keys;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return [];
}
