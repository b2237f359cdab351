import { randomUUID } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import { parameter } from "./sql.ts";

/*
 * Lists of values, one for each column of a batch. Numbers and ids go as array literals. Texts go as one text, with a mark
 * between them: PostgreSQL splits that several times as fast as it reads JSON, or an array of quoted texts.
 */

/** What never stands in JSON: between texts, and instead of one that is missing. */
const between = "\u001E";
const missing = "\u001F";

/** Of a list where all values are missing, only the brackets: `unnest` fills what is short with nulls. */
export function arrayOf(values: readonly (number | string | undefined)[]): string {
  return values.every((value) => value === undefined) ? "{}" : `{${values.map((value) => value ?? "null").join()}}`;
}

/** Values of the parameters of `texts(name)`. Texts that have a mark in them get other ones. */
export function textsOf(
  name: string,
  values: readonly (string | undefined)[],
): Readonly<Record<string, string | null>> {
  if (values.every((value) => value === undefined)) return { [name]: null, [`${name}Mark`]: "" };
  const isMarked = values.some((value) => value?.includes(between) || value?.includes(missing));
  const mark = isMarked ? randomUUID() : "";
  const joined = values.map((value) => value ?? missing + mark).join(between + mark);
  return { [name]: joined, [`${name}Mark`]: mark };
}

/** The texts of `textsOf` as an array. To PostgreSQL, an empty text would be no text at all. */
function texts(name: string): SQL {
  return sql`case when l.joined = '' then array[''] else string_to_array(l.joined, chr(30) || l.mark, chr(31) || l.mark) end
    from (select ${parameter.text(name)} as joined, ${parameter.text(`${name}Mark`)} as mark) l`;
}

/** In a select of its own, an array does not show the planner its length, for which it would plan every call anew. */
const hidden = (array: SQL): SQL => sql`(select ${array})`;

export const list = {
  uuids: (name: string): SQL => hidden(parameter.uuids(name)),
  integers: (name: string): SQL => hidden(sql`${sql.placeholder(name)}::integer[]`),
  bigints: (name: string): SQL => hidden(sql`${sql.placeholder(name)}::bigint[]`),
  words: (name: string): SQL => hidden(parameter.texts(name)),
  texts: (name: string): SQL => hidden(texts(name)),
};
