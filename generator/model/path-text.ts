/** E.g. `buildReport.input.files[].name`; the end of a very long one says enough. */
export function pathText(job: string, path: readonly string[]): string {
  const shown = path.length > 12 ? [...path.slice(0, 6), "…", ...path.slice(-3)] : path;
  return [job, ...shown].join(".").replaceAll(".[", "[");
}
