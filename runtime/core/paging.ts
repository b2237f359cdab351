import { JobwrightError } from "../contract/index.ts";

/** Jobs per page. */
export const defaultPage = 100;
export const maxPage = 1_000;

/** Jobs per page. Throws `JW_INVALID_OPTION` for what is no integer from 1 to 1,000. */
export function pageLimit({ limit = defaultPage }: { readonly limit?: number }): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxPage) return limit;
  throw new JobwrightError("JW_INVALID_OPTION", `limit is ${String(limit)}.`, {
    hint: `Give an integer from 1 to ${maxPage}; the next page follows from \`cursor\`.`,
  });
}

/** The insertion number after which a page begins, of stores whose cursor is one. Throws `JW_INVALID_OPTION`. */
export function seqOfCursor(cursor: string | undefined): number {
  return cursorNumber(cursor) ?? Number.MAX_SAFE_INTEGER;
}

/** The number in a cursor that is one. Throws `JW_INVALID_OPTION`. */
export function cursorNumber(cursor: string | undefined): number | undefined {
  return cursorNumbers(cursor, 1)?.[0];
}

/** The numbers in a cursor that has so many of them. Throws `JW_INVALID_OPTION`. */
export function cursorNumbers(cursor: string | undefined, count: number): readonly number[] | undefined {
  if (cursor === undefined) return undefined;
  const parts = cursor.split(":");
  if (parts.length === count && parts.every((part) => /^\d{1,15}$/.test(part))) return parts.map(Number);
  throw new JobwrightError(
    "JW_INVALID_OPTION",
    `cursor is ${JSON.stringify(cursor)}, which no page of this store gave.`,
    { hint: "Pass the `cursor` of the previous page unchanged, or none for the first page." },
  );
}
