import { styleText } from "node:util";
import { CommanderError } from "commander";
import { JobwrightError } from "../../runtime/contract/index.ts";

/** Data goes to stdout, everything else to stderr, so that a pipe gets nothing but data. */
export interface Terminal {
  /** A result: text, or one JSON object with `--json`. */
  data(text: string): void;
  json(value: object): void;
  /** Progress and remarks. */
  say(text: string): void;
  done(text: string): void;
  /** Prints an error and returns the exit code for it. */
  fail(error: unknown, argv: readonly string[]): number;
}

export const exitCodes = { ok: 0, bug: 1, failed: 2, findings: 4 } as const;

interface Diagnostic {
  readonly code?: string;
  readonly message: string;
  readonly hint?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly frame?: string;
}

export function createTerminal(): Terminal {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    process.stderr.isTTY && !process.env["NO_COLOR"] ? styleText(style, text) : text;
  const say = (text: string): void => void process.stderr.write(`${text}\n`);

  function failText(error: JobwrightError): void {
    const diagnostics = diagnosticsOf(error);
    // The error's own message repeats the first of them.
    if (diagnostics.length === 0) say(`${paint("red", `✖ ${error.code}`)} ${error.message}`);
    else say(diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, error.code, paint)).join("\n\n"));
    if (error.hint !== undefined) say(`  ${paint("cyan", "→")} ${error.hint}`);
  }

  return {
    data: (text) => void process.stdout.write(`${text}\n`),
    json: (value) => void process.stdout.write(`${JSON.stringify(value)}\n`),
    say,
    done: (text) => say(`${paint("green", "✔")} ${text}`),
    fail(error, argv) {
      if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.failed;
      const known = JobwrightError.is(error);
      if (argv.includes("--json")) {
        this.json({ ok: false, error: known ? jsonError(error) : { code: "BUG", message: String(error) } });
      } else if (known) {
        failText(error);
      } else {
        say(`${paint("red", "✖ BUG")} ${error instanceof Error ? error.message : String(error)}`);
        say(
          `  ${paint("cyan", "→")} This is a fault of jobwright, or of code that it loaded. \`--debug\` shows the stack.`,
        );
      }
      if (argv.includes("--debug") && error instanceof Error) say(error.stack ?? "");
      return known ? exitCodes.failed : exitCodes.bug;
    },
  };
}

function diagnosticsOf(error: JobwrightError): readonly Diagnostic[] {
  const { diagnostics } = error.details as { readonly diagnostics?: readonly Diagnostic[] }; // set by the generator
  return diagnostics ?? [];
}

function formatDiagnostic(
  { code, file, line, column, message, frame, hint }: Diagnostic,
  fallback: string,
  paint: (style: "bold" | "cyan" | "red", text: string) => string,
): string {
  const place = paint("bold", [file, line, column].filter((part) => part !== undefined).join(":"));
  return (
    `${paint("red", `✖ ${code ?? fallback}`)} ${place}\n  ${message}` +
    (frame === undefined ? "" : `\n${frame.replace(/^/gm, "    ")}`) +
    (hint === undefined ? "" : `\n  ${paint("cyan", "→")} ${hint}`)
  );
}

function jsonError({ code, message, hint, details }: JobwrightError): object {
  return { code, message, ...(hint === undefined ? {} : { hint }), details };
}
