import { type SQL, sql } from "drizzle-orm";
import { keptClaims } from "../../core/kept-claims.ts";
import { isJob, type Named, names, now, parameter, set } from "./sql.ts";

/* What is known of a job's past: its failed attempts, its checkpoints and its log lines. */

/**
 * Writes the attempts of `rows`: (seq, fence, attempt, started_at, worker_id, error). A late settlement says better than the
 * reaper what became of one.
 */
export function recordAttempts({ tables: { attempts } }: Named, rows: SQL): SQL {
  const columns = [
    attempts.seq,
    attempts.place,
    attempts.fence,
    attempts.attempt,
    attempts.startedAt,
    attempts.endedAt,
    attempts.workerId,
    attempts.error,
  ];
  const overwrite = columns.slice(2).map((column) => set(column, sql`excluded.${sql.identifier(column.name)}`));
  return sql`
      insert into ${attempts} (${names(...columns)})
      select seq, fence % ${sql.raw(String(keptClaims))}, fence, attempt, coalesce(started_at, ${now}), ${now},
        coalesce(worker_id, ''), error from ${rows}
      on conflict (${names(attempts.seq, attempts.place)}) do update set ${sql.join(overwrite, sql`, `)}`;
}

/** Nothing if there is no such job. Those that are further back than the last kept claims were not overwritten yet. */
export function history(given: Named): SQL {
  const {
    tables: { jobs, attempts, notes },
    j,
  } = given;
  return sql`select
    (select json_agg(json_build_array(a.fence, a.attempt, a.started_at, a.ended_at, a.worker_id, a.error) order by a.fence)
      from ${attempts} a where a.seq = ${j.seq} and a.fence > (
        select max(l.fence) - ${sql.raw(String(keptClaims))} from ${attempts} l where l.seq = ${j.seq}))::text as attempts,
    (select json_agg(json_build_array(n.kind, n.key, n.text) order by n.place)
      from ${notes} n where n.seq = ${j.seq})::text as notes
    from ${jobs} ${j} where ${isJob(given, parameter.uuid("id"))}`;
}
