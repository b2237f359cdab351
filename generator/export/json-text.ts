export function jsonText(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
