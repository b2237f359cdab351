import { JobwrightError, type ListRequest } from "../contract/index.ts";

/** Jobs per page. */
export const defaultPage = 100;
export const maxPage = 1_000;

/** Jobs per page. Throws `JW_INVALID_OPTION` for what is no integer from 1 to 1,000. */
export function pageLimit({ limit = defaultPage }: ListRequest): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxPage) return limit;
  throw new JobwrightError("JW_INVALID_OPTION", `limit is ${String(limit)}.`, {
    hint: `Give an integer from 1 to ${maxPage}; the next page follows from \`cursor\`.`,
  });
}

/** The insertion number after which a page begins, of stores whose cursor is one. Throws `JW_INVALID_OPTION`. */
export function seqOfCursor(cursor: string | undefined): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new JobwrightError(
    "JW_INVALID_OPTION",
    `cursor is ${JSON.stringify(cursor)}, which no page of this store gave.`,
    { hint: "Pass the `cursor` of the previous page unchanged, or none for the first page." },
  );
}
