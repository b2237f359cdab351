/** Keeps the CPU, and with it the event loop, for so long. */
export function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
