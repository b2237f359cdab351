/** A place in the order of the offer. */
export interface Position {
  readonly priority: number;
  readonly runAt: number;
  readonly seq: number;
}

/**
 * Where the next claim of a lane starts to read. While somebody holds a snapshot open (a long report, a backup), index
 * entries of jobs that are long gone cannot be cleaned away, and a claim from the front would read all of them again.
 *
 * A cursor is a shortcut, never the truth. It is dropped when a claim from it finds fewer jobs than asked for, when this
 * process puts a job before it, and after a second, because other processes do so too: then one claim reads from the
 * front. So no ready job is passed by for longer than that.
 */
export interface ClaimCursors {
  /** The start of a claim: a place, or undefined for the front. */
  start(lane: string): ClaimStart;
  /** This process made jobs ready: all of them are at or after `position`; or, without one, anywhere. */
  added(queue: string | undefined, position?: Omit<Position, "seq">): void;
}

export interface ClaimStart {
  readonly from: Position | undefined;
  /** The last job of a claim that found as many as it asked for; undefined if it found fewer. */
  end(queue: string, last: Position | undefined): void;
}

interface Cursor {
  readonly queue: string;
  readonly position: Position;
  readonly setAt: number;
}

/** Between two looks from the front, in ms. */
const maxAgeMs = 1_000;

export const front: Position = { priority: -32_768, runAt: Number.MIN_SAFE_INTEGER, seq: 0 };

export function createClaimCursors(elapsed: () => number = () => performance.now()): ClaimCursors {
  const cursors = new Map<string, Cursor>();
  /** The lowest place that jobs were put at while claims were under way, by queue. */
  const lowest = new Map<string, Omit<Position, "seq">>();
  let everywhere = 0;
  let underWay = 0;

  function drop(queue: string, position: Omit<Position, "seq">): void {
    for (const [lane, cursor] of cursors) {
      if (cursor.queue === queue && before(position, cursor.position)) cursors.delete(lane);
    }
    const known = lowest.get(queue);
    if (underWay > 0 && (known === undefined || before(position, known))) lowest.set(queue, position);
  }

  return {
    start(lane) {
      const cursor = cursors.get(lane);
      const current = cursor && elapsed() - cursor.setAt < maxAgeMs ? cursor : undefined;
      if (!current) cursors.delete(lane);
      const generation = everywhere;
      underWay++;
      return {
        from: current?.position,
        end(queue, last) {
          underWay--;
          const low = lowest.get(queue);
          if (underWay === 0) lowest.clear();
          cursors.delete(lane);
          if (!last || generation !== everywhere || (low && before(low, last))) return;
          // Its age is that of the last look from the front.
          cursors.set(lane, { queue, position: last, setAt: current?.setAt ?? elapsed() });
        },
      };
    },
    added(queue, position) {
      if (queue !== undefined && position) return drop(queue, position);
      everywhere++;
      cursors.clear();
    },
  };
}

function before(a: Omit<Position, "seq">, b: Omit<Position, "seq">): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.runAt <= b.runAt);
}
