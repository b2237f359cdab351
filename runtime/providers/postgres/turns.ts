import type { Store } from "./store.ts";
import { isStorableId } from "./values.ts";

/** What of a job decides with whom it can be treated in one go. */
interface Ties {
  readonly id: string;
  readonly gated: boolean;
  /** Its needs hold it. */
  readonly held: boolean;
  readonly needs: boolean;
  /** Others need it, or did. */
  readonly needed: boolean;
}

type IsCut = (ties: Ties, before: readonly Ties[]) => boolean;

const free = { gated: false, held: false, needs: false, needed: false };

/** A job meets what those before it in the call have left open at gates, and decided by edges. */
const meetsOthers: IsCut = ({ gated, held }, before) =>
  (gated && before.some((one) => one.gated || one.needed)) || (held && before.some((one) => one.needed));

/** A job that looks at its needs must see those before it, and none of those behind. */
const standsAlone: IsCut = (ties, before) =>
  ties.needs || before.some(({ needs }) => needs) || meetsOthers(ties, before);

/** The items of a call, cut so that each part can be done in one go. */
export async function inTurns<Item>(
  { database, statements }: Store,
  items: readonly Item[],
  idOf: (item: Item) => string,
  what: "end" | "requeue",
): Promise<readonly (readonly Item[])[]> {
  const ids = items.map(idOf).filter(isStorableId);
  if (ids.length < 2) return [items];
  const ties = new Map((await database.objects<Ties>(statements.ties, { ids })).map((row) => [row.id, row]));
  return cut(items, (item) => ties.get(idOf(item)) ?? { ...free, id: "" }, what === "end" ? meetsOthers : standsAlone);
}

function cut<Item>(items: readonly Item[], tiesOf: (item: Item) => Ties, isCut: IsCut): readonly (readonly Item[])[] {
  const turns: Item[][] = [];
  /** Those of the turn that may matter to one behind them. */
  let tied: Ties[] = [];
  let hasGated = false;
  for (const item of items) {
    const ties = tiesOf(item);
    const before = hasGated ? [...tied, { ...free, id: "", gated: true }] : tied;
    if (turns.length === 0 || isCut(ties, before)) {
      turns.push([]);
      tied = [];
    }
    hasGated ||= ties.gated;
    if (tied.length === 0 && (ties.needed || ties.needs)) tied.push(ties);
    turns.at(-1)?.push(item);
  }
  return turns;
}
