import { type SQL, sql } from "drizzle-orm";
import { hasId, assign, clock, type Named, names, now, parameter, set } from "./sql.ts";

/*
 * Steps of the opening of gates; `gates.ts` says how they go together. Groups are found by key, those who wait in them and
 * those who count in them by indexes of their own: what else there is costs nothing. `offset 0` keeps the planner from
 * turning a look into an index per group into one join over everything.
 */

/** All that open gates do it one after the other, each with what the one before it left. A process that hangs is cut off. */
function lockGates(): SQL {
  return sql`select pg_advisory_xact_lock(hashtextextended(${parameter.text("lock")}, 0)),
    set_config('idle_in_transaction_session_timeout', ${parameter.text("idleMs")}, true)`;
}

/** Does this job count where it has passed a gate? `holdsPlace` in words: see `gateKinds` of the contract. */
const counts = (kind: SQL, state: SQL): SQL => sql`case ${kind}
  when 'order' then ${state} not in ('succeeded', 'dead', 'cancelled', 'skipped')
  when 'concurrency' then ${state} in ('blocked', 'ready', 'running')
  else ${state} in ('blocked', 'ready') end`;

/** Of `keys`: the groups in which somebody waits, those who have passed there, and how many more may. */
function rooms({ tables: { jobs, gates, limits, starts }, j }: Named, at: SQL): SQL {
  return sql`
    groups as materialized (
      select k.key, g.level, g.kind, g.policy, l.policy is null as unknown, coalesce(l."limit", g."limit") as "limit",
        coalesce(case when l.policy is null then g.window_ms else l.window_ms end, 0) as window_ms
      from keys k cross join lateral (
        select ${j.seq} as seq, ${j.passed} as passed from ${jobs} ${j}
        where ${j.state} = 'blocked' and ${j.blockedBy} = k.key
        order by ${j.priority}, ${j.runAt}, ${j.seq} limit 1) h
      join ${gates} g on g.seq = h.seq and g.place = h.passed and ${at}
      left join ${limits} l on l.policy = g.policy),
    passers as materialized (
      select g.key, p.seq, p.place, coalesce(p.counts, false) as counts from groups g cross join lateral (
        select p.seq, p.place, (
          select p.place < ${j.passed} and ${counts(sql`g.kind`, sql`${j.state}`)}
          from ${jobs} ${j} where ${j.seq} = p.seq) as counts
        from ${gates} p where p.key = g.key and p.passed offset 0) p),
    rooms as materialized (
      select g.*, g."limit"
        - (select count(*) from passers p where p.key = g.key and p.counts)
        - case when g.kind = 'rate' then (
            select count(*) from ${starts} s where s.key = g.key and s.at > ${now} - g.window_ms) else 0 end as room
      from groups g)`;
}

const open = sql`select key, level, policy, kind, "limit", window_ms, unknown from rooms where room > 0`;

/** Those gates of these jobs, also of the ones they have passed, where somebody waits and may pass. */
const openBeside = (given: Named): SQL => sql`with ${clock},
    keys as materialized (
      select distinct g.key from ${given.tables.gates} g where g.seq = any(array(
        select ${given.j.seq} from ${given.tables.jobs} ${given.j} where ${hasId(given, parameter.uuids("ids"))}))),
    ${rooms(given, sql`true`)}
  ${open}`;

/** All gates where somebody waits and may pass; from key to key along the index. */
function openAnywhere(given: Named): SQL {
  const { tables, j } = given;
  const next = (after: SQL): SQL => sql`select ${j.blockedBy} from ${tables.jobs} ${j}
    where ${j.state} = 'blocked' and ${after} order by ${j.blockedBy} limit 1`;
  return sql`with recursive ${clock},
    found(key) as (
      (${next(sql`true`)})
      union all
      select (${next(sql`${j.blockedBy} > f.key`)}) from found f where f.key is not null),
    keys as materialized (select key from found where key is not null),
    ${rooms(given, sql`true`)}
  ${open}`;
}

/**
 * Lets jobs pass the gates of one level, with these keys: the first ones first. Who is locked is passed by: whoever has it
 * locked opens the gate again. Returns the state of each job that passed, with the keys of its gates on higher levels.
 */
function admit(given: Named): SQL {
  const { tables, j } = given;
  const { jobs, gates } = tables;
  const level = parameter.integer("level");
  const first = (condition: SQL, order: SQL): SQL => sql`
      select w.*, r.kind from rooms r cross join lateral (
        select ${j.seq} as seq, ${j.passed} as passed, ${j.runAt} as run_at from ${jobs} ${j}
        where ${j.state} = 'blocked' and ${j.blockedBy} = r.key order by ${order} limit greatest(r.room, 0)
        for no key update skip locked) w
      where ${condition}`;
  return sql`with ${clock},
    keys as materialized (select distinct key from unnest(${parameter.texts("keys")}) key),
    ${rooms(given, sql`g.level = ${level}`)},
    best as materialized (${first(sql`r.kind <> 'order'`, sql`${j.priority}, ${j.runAt}, ${j.seq}`)}),
    oldest as materialized (${first(sql`r.kind = 'order'`, sql`${j.seq}`)}),
    picked as materialized (
      select p.seq, p.passed, case when p.kind = 'fair' then ${now} else p.run_at end as run_at, n.key, n.kind
      from (select * from best union all select * from oldest) p
      left join lateral (select g.key, g.kind from ${gates} g where g.seq = p.seq and g.place = p.passed + 1 offset 0) n on true),
    placed as materialized (
      select *, key is not null and (run_at <= ${now} or kind = 'order') as held from picked),
    admitted as (
      update ${jobs} ${j} set ${assign(
        set(j.passed, sql`p.passed + 1`),
        set(j.runAt, sql`p.run_at`),
        set(j.state, sql`case when p.held then 'blocked' when p.run_at > ${now} then 'scheduled' else 'ready' end`),
        set(j.blockedBy, sql`case when p.held then p.key end`),
      )}
      from placed p where ${j.seq} = any(array(select seq from placed)) and p.seq = ${j.seq}
      returning ${j.seq}, ${j.queue}, ${j.state}),
    marked as (
      update ${gates} g set ${set(gates.passed, sql`true`)} from placed p
      where g.seq = any(array(select seq from placed)) and g.seq = p.seq and g.place = p.passed),
    forgotten as (
      update ${gates} g set ${set(gates.passed, sql`false`)} from passers p
      where g.seq = any(array(select seq from passers where not counts)) and g.seq not in (select seq from placed)
        and g.seq = p.seq and g.place = p.place and not p.counts)
    select a.queue, a.state, g.key, g.level from admitted a left join lateral (
      select g.key, g.level from ${gates} g where g.seq = a.seq and g.level > ${level} offset 0) g on true`;
}

const limitsOf = sql`json_to_recordset(${parameter.json("limits")}) as i(policy text, kind text, "limit" integer, window_ms bigint)`;

/** `onKnown`: what happens to a policy that is known. In one order, whoever writes. */
function writeLimits({ tables: { limits } }: Named, onKnown: SQL): SQL {
  const columns = names(limits.policy, limits.kind, limits.limit, limits.windowMs);
  return sql`insert into ${limits} (${columns}) select ${columns} from ${limitsOf} order by policy
    on conflict (${names(limits.policy)}) do ${onKnown}`;
}

const putLimits = (given: Named): SQL => {
  const { kind, limit, windowMs } = given.tables.limits;
  const changed = [kind, limit, windowMs].map((column) => set(column, sql`excluded.${sql.identifier(column.name)}`));
  return writeLimits(given, sql`update set ${assign(...changed)}`);
};

/** Starts that no window reaches. */
const forgetStarts = ({ tables: { starts, limits } }: Named): SQL => sql`with ${clock}
  delete from ${starts} s where s.at <= ${now} - (select coalesce(max(l.window_ms), 0) from ${limits} l)`;

export const gateTexts = {
  lockGates,
  openBeside,
  openAnywhere,
  admit,
  putLimits,
  learnLimits: (given: Named) => writeLimits(given, sql`nothing`),
  forgetStarts,
};
