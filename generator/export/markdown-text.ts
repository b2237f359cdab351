/** Text of others in a page of ours: it shows as it is, and nothing in it is markup. */
export function escapeText(text: string): string {
  return (
    words(text)
      // A character for which Markdown or HTML has a use, wherever it stands.
      .replaceAll(/[\\`*_{}[\]<>&|~#!$]/g, "\\$&")
      // What only means something at the beginning of a line.
      .replace(/^([-+=:]|\d+(?=[.)]))/, startEscape)
  );
}

function startEscape(start: string): string {
  return /^\d/.test(start) ? `&#8203;${start}` : `\\${start}`;
}

/** Paragraphs stay, lines within them do not. */
export function escapeParagraphs(text: string): string {
  return text
    .split(/\r?\n\s*\n|\r\s*\r/)
    .map(escapeText)
    .filter((paragraph) => paragraph !== "")
    .join("\n\n");
}

/** Text in the type of code, also inside of a table. Empty text stays empty. */
export function code(text: string): string {
  const line = words(text);
  if (line === "") return "";
  // Tables take `\\|` for a backslash and the end of the cell, whatever code spans are.
  if (line.includes("\\|")) return `<code>${line.replaceAll(/[^\p{L}\p{N} ]/gu, entity)}</code>`;
  // A fence of backticks ends at one of its own length.
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const space = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return fence + space + line.replaceAll("|", "\\|") + space + fence;
}

function entity(character: string): string {
  return `&#${character.codePointAt(0)};`;
}

export interface Table {
  readonly head: readonly string[];
  /** Cells are Markdown already. */
  readonly rows: readonly (readonly string[])[];
}

export function table({ head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  return line(head) + `|${"---|".repeat(head.length)}\n` + rows.map(line).join("");
}

/** On one line, without what cannot be seen. */
function words(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
}
