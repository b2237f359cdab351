import type { WorkflowModel } from "../model/model.ts";
import { type Layout, prefixed, render } from "./layout.ts";
import { valueKey } from "./text.ts";

/** The plans of the workflows, for the descriptor. */
export function printWorkflows(workflows: readonly WorkflowModel[] = []): string {
  if (workflows.length === 0) return "";
  const items = workflows.map(({ name, plan }) => layOut({ name, plan }));
  return `  ${render({ open: "workflows: [", items, close: "]", broken: true }, "  ", 2, 1)},\n`;
}

/** JSON as an object literal. */
function layOut(value: unknown): Layout {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return { open: "[", items: value.map(layOut), close: "]", broken: isMatrix(value) };
  const items = Object.entries(value).map(([key, entry]) => prefixed(`${valueKey(key)}: `, layOut(entry)));
  return { open: "{", items, close: "}", spaced: true };
}

/** Formatters give a line to each of several objects, or lists, that have several parts. */
function isMatrix(list: readonly unknown[]): boolean {
  const areLists = Array.isArray(list[0]);
  const sizes = list.map((entry) => {
    return typeof entry === "object" && entry !== null && Array.isArray(entry) === areLists
      ? Object.keys(entry).length
      : 0;
  });
  return list.length > 1 && sizes.every((size) => size > 1);
}
