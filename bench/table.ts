/** By scenario, subject and metric. */
export type Medians = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** One row per scenario and metric, one column per subject, and what our defaults are to the best peer. */
export function printTable(store: string, medians: Medians): void {
  const subjects = [...new Set(Object.values(medians).flatMap((bySubject) => Object.keys(bySubject)))];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  console.log(`\n${line([store, ...subjects, "ours : best peer"])}`);
  console.log(line(["---", ...subjects.map(() => "---:"), "---:"]));
  for (const [scenario, bySubject] of Object.entries(medians)) {
    const metrics = [...new Set(Object.values(bySubject).flatMap((byMetric) => Object.keys(byMetric)))];
    for (const metric of metrics) {
      const cells = subjects.map((subject) => format(bySubject[subject]?.[metric]));
      console.log(line([`${scenario}, ${metric}`, ...cells, ratio(bySubject, metric)]));
    }
  }
}

function ratio(bySubject: Medians[string], metric: string): string {
  const values = (ours: boolean): number[] =>
    Object.entries(bySubject).flatMap(([subject, metrics]) =>
      subject.startsWith("jobwright") === ours && metrics[metric] !== undefined ? [metrics[metric]] : [],
    );
  const best = metric === "perSecond" ? Math.max(...values(false)) : Math.min(...values(false));
  return values(true)
    .map((value) => (value / best).toFixed(2))
    .join(" / ");
}

function format(value: number | undefined): string {
  if (value === undefined) return "";
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(2);
}
