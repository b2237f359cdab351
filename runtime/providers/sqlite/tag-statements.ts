import { sql } from "drizzle-orm";
import { jobs, tags } from "../../../drizzle/sqlite/tables.ts";
import { $, anyOf, compile, names } from "./compose.ts";
import { filtered, selectRecords } from "./record-statements.ts";

/** `tags` is a JSON array. */
export const insertTags = compile(sql`
  insert or ignore into ${tags} (${names(tags.seq, tags.tag)})
  select ${$("seq")}, value from json_each(${$("tags")})`);

/**
 * From the jobs with one of the tags, which the index gives in order, those that have all of them. A cross join is what
 * SQLite begins with the left side of.
 */
export const selectTaggedPage = selectRecords(
  sql`where ${tags.tag} = ${$("tag")} and ${tags.seq} < ${$("before")}
    and not exists (
      select 1 from json_each(${$("tags")}) as sought
      where sought.value not in (select other.tag from ${tags} as other where other.seq = ${jobs.seq}))
    and ${filtered} order by ${tags.seq} desc limit ${$("limit")}`,
  { source: sql`${tags} cross join ${jobs} on ${jobs.seq} = ${tags.seq}` },
);

/** `seqs` is a JSON array. */
export const deleteTags = compile(sql`delete from ${tags} where ${tags.seq} in ${anyOf("seqs")}`);
