import { type ErrorCode, JobwrightError } from "../runtime/contract/errors.ts";

/** One thing to repair, with its place. `details.diagnostics` of the generator's errors lists them all. */
export interface Diagnostic {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** Relative to the working directory, with `/`. */
  readonly file: string;
  /** From 1. Absent: nobody knows. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** The lines around the place, with a caret. */
  readonly frame?: string;
  /** Name of the job definition. */
  readonly job?: string;
}

/** One error for all diagnostics. Its text is short: who shows it shows `details.diagnostics` as well. */
export function diagnosticsError(diagnostics: readonly Diagnostic[]): JobwrightError {
  const [first] = diagnostics;
  const place = first ? `${formatPlace(first)} ${first.message}` : "The schema is not valid.";
  const message = diagnostics.length > 1 ? `The schema has ${diagnostics.length} problems; the first: ${place}` : place;
  return new JobwrightError(first?.code ?? "JW_SCHEMA_INVALID", message, { details: { diagnostics } });
}

function formatPlace({ file, line, column }: Diagnostic): string {
  return line === undefined ? file : `${file}:${line}:${column ?? 1}`;
}

/** The lines around a place: `  2 | code`, the line itself marked, and a caret under the column. */
export function codeFrame(source: string, line: number, column: number): string {
  const lines = source.split(/\r?\n/);
  const from = Math.max(1, line - 2);
  const to = Math.min(lines.length, line + 1);
  const width = String(to).length;
  const rows: string[] = [];
  for (let number = from; number <= to; number++) {
    const text = (lines[number - 1] ?? "").slice(0, 160);
    rows.push(`${number === line ? ">" : " "} ${String(number).padStart(width)} | ${text}`.trimEnd());
    if (number === line) {
      // Tabs stay tabs, so that the caret stands under its character whatever their width.
      const indent = text.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
      rows.push(`  ${" ".repeat(width)} | ${indent}^`);
    }
  }
  return rows.join("\n");
}
