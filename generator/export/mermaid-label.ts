/** Mermaid takes anything between quotes but quotes, markup and its own entities. */
export function label(text: string): string {
  return `"${text.replaceAll(/[^\p{L}\p{N} .:/*,?-]/gu, entity)}"`;
}

function entity(character: string): string {
  return `#${character.codePointAt(0)};`;
}
