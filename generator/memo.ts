/** What was made of an object last, or made now. `given`: all else that it depends on, compared by identity. */
export type Memo<K extends object, V> = (of: K, given: unknown, make: () => V) => V;

/**
 * Remembers a pure function of frozen objects for as long as they live. A watcher has the same object for what did not
 * change; a single run has every object for the first time and remembers in vain, which costs next to nothing.
 */
export function createMemo<K extends object, V>(): Memo<K, V> {
  const kept = new WeakMap<K, { readonly given: unknown; readonly made: V }>();
  return (of, given, make) => {
    const last = kept.get(of);
    if (last && last.given === given) return last.made;
    const made = make();
    // What may still change says nothing about what was made of it.
    if (Object.isFrozen(of)) kept.set(of, { given, made });
    return made;
  };
}
