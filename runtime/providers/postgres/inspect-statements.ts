import { getTableColumns, type SQL, sql } from "drizzle-orm";
import { finalStates, prerequisites } from "../../contract/index.ts";
import { history } from "./history-statements.ts";
import { clock, hasId, type Named, now, parameter } from "./sql.ts";

/* What can be asked without changing anything. */

/** `more`: further columns. */
function records({ tables, j }: Named, condition: SQL, more = sql``): SQL {
  const { jobs, payloads, outputs, errors } = tables;
  const attached = (table: typeof outputs | typeof errors, column: SQL): SQL =>
    sql`(select ${column} from ${table} where ${table.seq} = ${j.seq})`;
  const { passed: _passed, blockedBy: _blockedBy, needed: _needed, held: _held, ...columns } = getTableColumns(jobs);
  const own = Object.keys(columns).map((key) => sql`${j[key as keyof typeof columns]} as ${sql.identifier(key)}`);
  return sql`select ${sql.join(own, sql`, `)}, 
    (select ${payloads.payload} from ${payloads} where ${payloads.id} = ${j.id}) as payload,
    case when ${j.state} = 'blocked' then case when ${j.held} then ${sql.raw(`'${prerequisites}'`)} else ${j.blockedBy} end end
      as ${sql.identifier("blockedBy")},
    ${attached(outputs, sql`${outputs.output}`)} as output, ${attached(errors, sql`${errors.error}`)} as error${more}
    from ${jobs} ${j} ${condition}`;
}

/** A list that is null is no condition. */
function filtered({ j }: Named): SQL {
  const among = (name: string, value: SQL): SQL => sql`coalesce(${value} = any(${parameter.texts(name)}), true)`;
  return sql`${among("states", sql`${j.state}`)} and ${among("names", sql`${j.name}`)} and ${among("queues", sql`${j.queue}`)}`;
}

const page = (given: Named): SQL =>
  records(
    given,
    sql`where ${given.j.seq} < ${parameter.bigint("before")} and ${filtered(given)}
      order by ${given.j.seq} desc limit ${parameter.integer("limit")}`,
  );

/** The jobs that have all of the tags, along those of the first one. */
const taggedPage = (given: Named): SQL => {
  const { tables, j } = given;
  return records(
    given,
    sql`join ${tables.tags} t on t.seq = ${j.seq}
      where t.tag = (${parameter.texts("tags")})[1] and t.seq < ${parameter.bigint("before")} and ${filtered(given)}
        and (select count(*) from ${tables.tags} o where o.tag = any(${parameter.texts("tags")}) and o.seq = t.seq)
          = cardinality(${parameter.texts("tags")})
      order by t.seq desc limit ${parameter.integer("limit")}`,
  );
};

const counts = (given: Named): SQL => sql`
  select ${given.j.queue} as queue, ${given.j.state} as state, count(*) as count from ${given.tables.jobs} ${given.j}
  where ${filtered(given)} group by ${given.j.queue}, ${given.j.state}`;

const found = (given: Named, columns: SQL): SQL =>
  sql`select ${given.j.id} as id, ${columns} from ${given.tables.jobs} ${given.j}
    where ${hasId(given, parameter.uuids("ids"))}`;

/** The time in every row, also if there is no job. Along the index of each final state, so that the first are found at once. */
function finished(given: Named): SQL {
  const { tables, j } = given;
  const states = sql.raw(finalStates.map((state) => `('${state}')`).join(", "));
  const after = sql`${j.finishedAt} >= greatest(${parameter.bigint("since")}, ${parameter.bigint("afterTime")})
    and (${j.finishedAt}, ${j.seq}) > (${parameter.bigint("afterTime")}, ${parameter.bigint("afterSeq")})`;
  return sql`with ${clock},
    page as materialized (
      select o.seq from (values ${states}) as s(state) cross join lateral (
        select ${j.seq} as seq, ${j.finishedAt} as at from ${tables.jobs} ${j}
        where ${j.state} = s.state and ${j.finishedAt} is not null and ${after}
        order by ${j.finishedAt}, ${j.seq} limit ${parameter.integer("limit")}) o
      order by o.at, o.seq limit ${parameter.integer("limit")})
    select ${now} as now, r.* from clock left join (
      ${records(given, sql`where ${j.seq} = any(array(select seq from page))`)}) r on true
    order by r.${sql.identifier("finishedAt")}, r.seq`;
}

/** The jobs that a job needs, from an edge on. */
const needs = (given: Named): SQL =>
  records(
    given,
    sql`join ${given.tables.edges} e on e.parent = ${given.j.seq}
      where e.child = (select p.seq from ${given.tables.payloads} p where p.id = ${parameter.uuid("id")})
        and e.place > ${parameter.bigint("after")}
      order by e.place limit ${parameter.integer("limit")}`,
    sql`, e.place, e.when, e.status`,
  );

/** What of these jobs decides how a call about several of them is cut. */
const ties = (given: Named): SQL =>
  found(
    given,
    sql`${isGated(given)}, ${given.j.state} = 'blocked' and ${given.j.held} is true as held,
      ${given.j.held} is not null as needs, ${given.j.needed} is not null as needed`,
  );

const isGated = ({ j }: Named): SQL => sql`${j.passed} is not null as gated`;

export const inspectTexts = {
  page,
  taggedPage,
  counts,
  finished,
  needs,
  /** Everything of the jobs given. */
  jobs: (given: Named) => records(given, sql`where ${hasId(given, parameter.uuids("ids"))}`),
  fences: (given: Named) => found(given, sql`${given.j.fence} as fence`),
  states: (given: Named) => found(given, sql`${given.j.state} as state, ${given.j.runAt} as run_at, ${isGated(given)}`),
  ties,
  history,
};
