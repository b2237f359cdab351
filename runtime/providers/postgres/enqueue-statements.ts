import { type SQL, sql } from "drizzle-orm";
import { list } from "./lists.ts";
import { clock, type Named, names, now, parameter, set } from "./sql.ts";

/* The writing of new jobs: one statement, whatever their number; what they have besides is written by a longer one. */

/** The jobs of the batch, as columns. */
function newJobs(isEdged: boolean): SQL {
  const { uuids, integers, bigints, words, texts } = list;
  // Whether others need it; how it needs others, and for how long it waits afterwards.
  const values = isEdged ? sql`, ${integers("needed")}, ${words("modes")}, ${bigints("afters")}` : sql``;
  const columns = isEdged ? sql`, needed, mode, after_ms` : sql``;
  return sql`unnest(${uuids("ids")}, ${integers("kindsOf")}, ${bigints("runAts")}, ${bigints("delays")}, ${texts("payloads")}${values})
        with ordinality as i(id, kind, run_at, delay, payload${columns}, place)`;
}

/** What many jobs of a batch have in common, which is therefore sent once. */
const kinds = sql`json_to_recordset(${parameter.json("kinds")}) as k(
  k integer, name text, queue text, version integer, priority smallint, max_crashes integer)`;

const skipKnown = ({ tables: { payloads } }: Named): SQL => sql`
      on conflict (${sql.identifier(payloads.id.name)}) do nothing`;

/** What an insert does besides. */
interface Extras {
  readonly onKnown?: SQL;
  /** Further parts of the statement. */
  readonly parts?: readonly SQL[];
  /** Jobs with gates, among others. */
  readonly gated?: boolean;
  /** Jobs with edges, and with gates, among others. */
  readonly edged?: boolean;
}

/** Where new jobs wait: of those with gates `g` is the first one. */
function placeOf({ tables: { jobs } }: Named, extras: Extras): readonly (readonly [column: SQL, value: SQL])[] {
  const state = sql`case when due > ${now} then 'scheduled' else 'ready' end`;
  const stateName = names(jobs.state);
  if (!extras.gated) return [[stateName, state]];
  const isHeld = extras.edged ? sql`mode is not null` : sql`false`;
  const waits = sql`g.seq is not null and (due <= ${now} or g.kind = 'order')`;
  const edges: readonly (readonly [SQL, SQL])[] = [
    [names(jobs.needed), sql`needed`],
    [names(jobs.held), sql`case when ${isHeld} then true end`],
  ];
  return [
    [stateName, sql`case when ${isHeld} or (${waits}) then 'blocked' else ${state} end`],
    [names(jobs.passed), sql`case when g.seq is not null then 0 end`],
    [names(jobs.blockedBy), sql`case when not ${isHeld} and ${waits} then g.key end`],
    ...(extras.edged ? edges : []),
  ];
}

/** The time of the enqueue, as the only row with one, and `n` of every id that is there already. */
function insertJobs(given: Named, extras: Extras): SQL {
  const { jobs, payloads } = given.tables;
  const { onKnown = sql``, parts = [] } = extras;
  const place = placeOf(given, extras);
  const separated = (items: readonly SQL[]): SQL => sql.join([...items], sql`, `);
  return sql`with ${clock},
    kinds as materialized (select * from ${kinds}),
    placed as materialized (
      select i.*, (i.place - 1)::integer as n, coalesce(i.kind, 0) as k, ${given.nextSeq} as seq,
        coalesce(i.run_at, ${now} + coalesce(i.delay, 0)) as due
      from ${newJobs(extras.edged ?? false)}),
    ${extras.gated ? beside : sql``}
    added as (
      insert into ${payloads} (${names(payloads.id, payloads.seq, payloads.payload)})
      select id, seq, payload from placed order by id${onKnown}
      returning ${names(payloads.seq)}),
    entered as (
      insert into ${jobs} (${names(jobs.seq, jobs.id, jobs.name, jobs.queue, jobs.version, jobs.priority, jobs.runAt, jobs.enqueuedAt, jobs.maxCrashes)},
        ${separated(place.map(([column]) => column))})
      select p.seq, p.id, name, queue, version, priority, due, ${now}, max_crashes, ${separated(place.map(([, value]) => value))}
      from placed p join kinds using (k)${extras.gated ? sql` left join own_gates g on g.seq = p.seq and g.place = 0` : sql``}
      where ${allAdded} or p.seq in (select seq from added) order by p.seq)${sql.join([...parts])}
    select null::integer as n, ${now} as now
    union all
    select p.n, null from placed p
    where not ${allAdded} and p.seq not in (select seq from added)`;
}

/** The common case, in which nobody has to be looked up among them. */
const allAdded = sql`(select count(*) from added) = (select count(*) from placed)`;

/** Gates and tags of the batch, with their jobs. */
const beside = sql`own_gates as materialized (
      select p.seq, g.* from placed p join json_to_recordset(${parameter.json("gates")}) as g(
        n integer, place smallint, level smallint, key text, policy text, kind text, "limit" integer, window_ms bigint) using (n)),
    own_tags as materialized (
      select p.seq, t.tag from placed p join json_to_recordset(${parameter.json("tags")}) as t(n integer, tag text) using (n)),`;

function keepBeside({ tables: { gates, tags } }: Named): SQL {
  const { seq, place, level, key, policy, kind, limit, windowMs } = gates;
  const columns = names(seq, place, level, key, policy, kind, limit, windowMs);
  return sql`,
    gated as (
      insert into ${gates} (${columns}) select ${columns} from own_gates where seq in (select seq from added)),
    tagged as (
      insert into ${tags} (${names(tags.tag, tags.seq)})
      select distinct tag, seq from own_tags where seq in (select seq from added))`;
}

/**
 * The unique keys of the batch: each job remembers its own, and the last one that takes it is its holder. The transaction
 * has locked the keys, so their rows are there, and has looked for the ids: one that is there all the same is an error.
 */
const takeKeys = ({ tables: { uniqueJobs, uniqueKeys } }: Named): SQL => sql`,
    own as materialized (
      select p.seq, u.* from placed p join json_to_recordset(${parameter.json("uniques")}) as u(
        n integer, key text, scope text, held_until bigint, takes boolean) using (n)),
    remembered as (
      insert into ${uniqueJobs} (${names(uniqueJobs.seq, uniqueJobs.key, uniqueJobs.scope, uniqueJobs.heldUntil)})
      select seq, key, scope, held_until from own),
    held as (
      update ${uniqueKeys} h set ${set(uniqueKeys.seq, sql`o.seq`)} from own o
      where h.key = any(array(select key from own where takes)) and o.key = h.key and o.takes)`;

const keepNeeds = ({ tables: { needs } }: Named): SQL => sql`,
    needing as (
      insert into ${needs} (${names(needs.seq, needs.mode, needs.afterMs)})
      select seq, mode, after_ms from placed where mode is not null and seq in (select seq from added))`;

export const enqueueTexts = {
  insertJobs: (given: Named) => insertJobs(given, { onKnown: skipKnown(given) }),
  /** With gates and tags. */
  insertGated: (given: Named) =>
    insertJobs(given, { onKnown: skipKnown(given), gated: true, parts: [keepBeside(given)] }),
  /** For a transaction that has locked the keys and looked for the ids; see `unique.ts`. */
  insertUnique: (given: Named) => insertJobs(given, { parts: [takeKeys(given)] }),
  insertUniqueGated: (given: Named) => insertJobs(given, { gated: true, parts: [takeKeys(given), keepBeside(given)] }),
  /** With everything that a job can have. */
  insertEdged: (given: Named) =>
    insertJobs(given, { gated: true, edged: true, parts: [takeKeys(given), keepBeside(given), keepNeeds(given)] }),
};
