/** Puts values by dotted names into nested objects: `billing.charge` is where `tree.billing.charge` finds it. Frozen. */
export function nest(entries: Iterable<readonly [name: string, value: unknown]>): Readonly<Record<string, unknown>> {
  const groups = new Map<string, [string, unknown][]>();
  const own: [string, unknown][] = [];
  for (const [name, value] of entries) {
    const dot = name.indexOf(".");
    if (dot === -1) {
      own.push([name, value]);
      continue;
    }
    const scope = name.slice(0, dot);
    const group = groups.get(scope) ?? [];
    group.push([name.slice(dot + 1), value]);
    groups.set(scope, group);
  }
  const scopes = [...groups].map(([scope, group]) => [scope, nest(group)] as const);
  return Object.freeze(Object.fromEntries([...own, ...scopes]));
}

/** What stands at a dotted name in nested objects. */
export function at(tree: unknown, name: string): unknown {
  return name.split(".").reduce(inside, tree);
}

function inside(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined; // may have it
}
