import { sql } from "drizzle-orm";
import { jobs, tags } from "../../../drizzle/sqlite/tables.ts";
import { $, anyOf, compile, names } from "./compose.ts";
import { filtered, selectRecords } from "./statements.ts";

/** `tags` is a JSON array. */
export const insertTags = compile(sql`
  insert or ignore into ${tags} (${names(tags.seq, tags.tag)})
  select ${$("seq")}, value from json_each(${$("tags")})`);

/** From the jobs with one of the tags, which the index gives in order, those that have all of them. */
export const selectTaggedPage = selectRecords(
  sql`where ${jobs.seq} in (select ${tags.seq} from ${tags} where ${tags.tag} = ${$("tag")})
    and not exists (
      select 1 from json_each(${$("tags")}) as sought
      where sought.value not in (select ${tags.tag} from ${tags} where ${tags.seq} = ${jobs.seq}))
    and ${jobs.seq} < ${$("before")} and ${filtered} order by ${jobs.seq} desc limit ${$("limit")}`,
);

/** `seqs` is a JSON array. */
export const deleteTags = compile(sql`delete from ${tags} where ${tags.seq} in ${anyOf("seqs")}`);
