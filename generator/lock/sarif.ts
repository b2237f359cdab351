import type { Diagnostic } from "../diagnostics.ts";
import type { Finding } from "./finding.ts";
import { rules, type Severity } from "./rules.ts";

/** A finding with its place in the schema file. */
export interface PlacedFinding extends Finding {
  readonly message: string;
  readonly place: Pick<Diagnostic, "file" | "line" | "column">;
}

const levels: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  breaking: "error",
  unknown: "warning",
  behaviour: "warning",
  compatible: "note",
};

/** SARIF 2.1.0, which code scanners show beside the lines of a change. */
export function toSarif(findings: readonly PlacedFinding[]): object {
  const names = [...new Set(findings.map(({ rule }) => rule))].sort();
  const driver = {
    name: "jobwright",
    rules: names.map((id) => ({ id, shortDescription: { text: rules[id].meaning }, help: { text: rules[id].advice } })),
  };
  const results = findings.map(({ rule, severity, message, place }) => ({
    ruleId: rule,
    level: levels[severity],
    message: { text: message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: place.file },
          region: { startLine: place.line ?? 1, startColumn: place.column ?? 1 },
        },
      },
    ],
  }));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver }, results }],
  };
}

/** Workflow commands, which GitHub Actions shows beside the lines of a change. */
export function toGithub({ rule, severity, message, place }: PlacedFinding): string {
  const level = severity === "breaking" ? "error" : severity === "compatible" ? "notice" : "warning";
  const where = `file=${escapeProperty(place.file)},line=${place.line ?? 1},col=${place.column ?? 1}`;
  return `::${level} ${where},title=${rule}::${escapeData(message)}`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
