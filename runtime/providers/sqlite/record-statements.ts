import { type SQL, sql } from "drizzle-orm";
import { edges, errors, gates, jobs, outputs, payloads } from "../../../drizzle/sqlite/tables.ts";
import { finalStates, prerequisites } from "../../contract/index.ts";
import type { CompiledStatement } from "../sql/prepared.ts";
import { $, anyOf, compile } from "./compose.ts";
import { isHeld } from "./ties.ts";

/** What is read of jobs by those who look. */

const blockedBy = sql`case when ${jobs.state} = 'blocked' then case when ${isHeld} then ${sql.raw(`'${prerequisites}'`)} else (
  select ${gates.key} from ${gates} where ${gates.seq} = ${jobs.seq} and ${gates.status} = 'waiting') end end`;

/** Everything of one job or of a page; `condition` is added by the caller, `source` may lead to the jobs, and `more` tell of it. */
export function selectRecords(
  condition: SQL,
  { source = sql`${jobs}`, more = sql`` }: { readonly source?: SQL; readonly more?: SQL } = {},
): CompiledStatement {
  return compile(sql`
    select ${jobs.seq} as seq, ${jobs.id} as id, ${jobs.name} as name, ${jobs.queue} as queue, ${jobs.version} as version,
      ${jobs.state} as state, ${jobs.priority} as priority, ${jobs.attempt} as attempt, ${jobs.crashes} as crashes,
      ${jobs.fence} as fence, ${jobs.runAt} as runAt, ${jobs.enqueuedAt} as enqueuedAt, ${jobs.startedAt} as startedAt,
      ${jobs.finishedAt} as finishedAt, ${jobs.workerId} as workerId, ${jobs.leaseUntil} as leaseUntil,
      ${jobs.cancelRequested} as cancelRequested, ${jobs.progress} as progress, ${jobs.reason} as reason,
      ${blockedBy} as blockedBy, ${payloads.payload} as payload, ${outputs.output} as output, ${errors.error} as error${more}
    from ${source}
    left join ${payloads} on ${payloads.seq} = ${jobs.seq}
    left join ${outputs} on ${outputs.seq} = ${jobs.seq}
    left join ${errors} on ${errors.seq} = ${jobs.seq}
    ${condition}`);
}

/** Lists are JSON arrays, so that one text serves any number of values; null means no condition. */
export const filtered = sql`
  (${$("states")} is null or ${jobs.state} in ${anyOf("states")})
  and (${$("names")} is null or ${jobs.name} in ${anyOf("names")})
  and (${$("queues")} is null or ${jobs.queue} in ${anyOf("queues")})`;

export const selectJob = selectRecords(sql`where ${jobs.id} = ${$("id")}`);

export const selectPage = selectRecords(
  sql`where ${jobs.seq} < ${$("before")} and ${filtered} order by ${jobs.seq} desc limit ${$("limit")}`,
);

export const countJobs = compile(sql`
  select ${jobs.queue} as queue, ${jobs.state} as state, count(*) as count from ${jobs}
  where ${filtered} group by ${jobs.queue}, ${jobs.state}`);

/** Of each final state the first of those that index jobwright_jobs_finished gives in order; all of them are sorted then. */
const firstEnded = sql.join(
  finalStates.map(
    (state) => sql`select seq from (
      select ${jobs.seq} as seq from ${jobs}
      where ${jobs.state} = ${sql.raw(`'${state}'`)} and ${jobs.finishedAt} is not null and ${jobs.finishedAt} >= ${$("from")}
        and (${jobs.finishedAt} > ${$("afterTime")} or ${jobs.seq} > ${$("afterSeq")})
      order by ${jobs.finishedAt}, ${jobs.seq} limit ${$("limit")})`,
  ),
  sql` union all `,
);

/** `from` is `afterTime`, if that is later than what is asked for. */
export const selectFinished = selectRecords(
  sql`where ${jobs.seq} in (${firstEnded}) order by ${jobs.finishedAt}, ${jobs.seq} limit ${$("limit")}`,
);

/** In the order of the edges. */
export const selectNeeds = selectRecords(
  sql`where ${edges.child} = (select ${jobs.seq} from ${jobs} where ${jobs.id} = ${$("id")}) and ${edges.number} > ${$("after")}
    order by ${edges.number} limit ${$("limit")}`,
  {
    source: sql`${edges} cross join ${jobs} on ${jobs.seq} = ${edges.parent}`,
    more: sql`, ${edges.number} as number, ${edges.when} as "when", ${edges.status} as status`,
  },
);
