/** Jobs that are claimed here and settled elsewhere, or never, must not fill the memory. */
const maxRemembered = 10_000;

/** Keeps what is known of a job that was claimed here until it is settled. A hint: who does not find it finds out. */
export function remember<T>(known: Map<string, T>, id: string, value: T): void {
  if (known.size >= maxRemembered) known.clear();
  known.set(id, value);
}
