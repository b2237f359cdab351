/** What has dotted names, by the namespaces that come first in them. */
export interface Scopes<Value> {
  /** Names without dots. */
  readonly own: readonly Entry<Value>[];
  /** By namespace, with what follows of the names. */
  readonly inner: ReadonlyMap<string, readonly Entry<Value>[]>;
}

type Entry<Value> = readonly [name: string, value: Value];

export function scopesOf<Value>(entries: Iterable<Entry<Value>>): Scopes<Value> {
  const own: Entry<Value>[] = [];
  const inner = new Map<string, Entry<Value>[]>();
  for (const [name, value] of entries) {
    const dot = name.indexOf(".");
    if (dot === -1) {
      own.push([name, value]);
      continue;
    }
    const scope = name.slice(0, dot);
    const group = inner.get(scope) ?? [];
    group.push([name.slice(dot + 1), value]);
    inner.set(scope, group);
  }
  return { own, inner };
}

/** Puts values by dotted names into nested objects: `billing.charge` is where `tree.billing.charge` finds it. Frozen. */
export function nest(entries: Iterable<Entry<unknown>>): Readonly<Record<string, unknown>> {
  const { own, inner } = scopesOf(entries);
  const scopes = Array.from(inner, ([scope, group]): Entry<unknown> => [scope, nest(group)]);
  return Object.freeze(Object.fromEntries([...own, ...scopes]));
}

/** What stands at a dotted name in nested objects. */
export function at(tree: unknown, name: string): unknown {
  return name.split(".").reduce(inside, tree);
}

function inside(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined; // may have it
}
