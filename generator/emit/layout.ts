import { maxWidth } from "./text.ts";

/** Text, or a list in brackets: on one line where it fits, else an item a line. */
export type Layout = string | ListLayout;

interface ListLayout {
  /** What comes before the first item, e.g. `wire.map(`. */
  readonly open: string;
  readonly items: readonly Layout[];
  readonly close: string;
  /** Spaces inside of the brackets, as in `{ a: 1 }`. */
  readonly spaced?: boolean;
  /** Never on one line. */
  readonly broken?: boolean;
  /** Only the last item is broken, and the brackets stay around it: `f("a", [` … `])`. */
  readonly hug?: boolean;
}

/** A key, or anything else that stays in front of a layout. */
export function prefixed(prefix: string, layout: Layout): Layout {
  return typeof layout === "string" ? prefix + layout : { ...layout, open: prefix + layout.open };
}

export function isList(layout: Layout | undefined): layout is ListLayout {
  return typeof layout === "object";
}

/** `column`: where the text begins. `after`: how many characters follow on its last line. */
export function render(layout: Layout, indent: string, column: number, after: number): string {
  if (typeof layout === "string") return layout;
  const line = onOneLine(layout);
  if (line !== undefined && column + line.length + after <= maxWidth) return line;
  const { open, items, close, hug } = layout;
  const last = items.at(-1);
  if (hug && last !== undefined) {
    const before =
      open +
      items
        .slice(0, -1)
        .map((item) => `${onOneLine(item)}, `)
        .join("");
    // It did not fit with what follows, so the item that is hugged must not try again.
    return before + render(isList(last) ? { ...last, broken: true } : last, indent, 0, 0) + close;
  }
  const inner = `${indent}  `;
  return `${open}\n${items.map((item) => `${inner}${render(item, inner, inner.length, 1)},\n`).join("")}${indent}${close}`;
}

function onOneLine(layout: Layout): string | undefined {
  if (typeof layout === "string") return layout;
  const items = layout.items.map(onOneLine);
  if (layout.broken || items.includes(undefined)) return undefined;
  const space = layout.spaced && items.length > 0 ? " " : "";
  return layout.open + space + items.join(", ") + space + layout.close;
}
