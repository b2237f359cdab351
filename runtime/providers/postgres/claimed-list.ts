import { randomUUID } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import type { ClaimedJob } from "../../contract/index.ts";
import { type Named, parameter } from "./sql.ts";

/*
 * Jobs that a claim took, as they travel: all of them in one row, whose columns are lists. A row for each job would cost the
 * client more than the rest of the claim: there, every value is a text of its own.
 */

/** Numbers and ids of all jobs as JSON; the others with the mark between them. */
type Part = readonly [facts: string, names: string, queues: string, payloads: string];
/** Without jobs, there are no lists. */
export type PartRow = Part | readonly [null, null, null, null];

type Facts = readonly [
  seq: number,
  id: string,
  version: number,
  priority: number,
  attempt: number,
  crashes: number,
  fence: number,
  runAt: number,
  enqueuedAt: number,
  leaseUntil: number,
  gates: 0 | 1,
  needed: 0 | 1,
  fresh: 0 | 1,
];

/** A job, and what only this provider knows of it. */
export interface Claimed {
  readonly job: ClaimedJob;
  readonly seq: number;
  readonly hasGates: boolean;
  /** Others need it. */
  readonly isNeeded: boolean;
  /** Not so if an earlier claim of the same id took it. */
  readonly isNew: boolean;
}

/** Of a payload that travels in the list. Longer ones are parts of their own: a text of all might be too long to be read. */
const maxListedBytes = 2_000;

/** Nobody who writes a job can know it. */
const mark = `\u001E${randomUUID()}`;

/** The parameter of the statement. */
export const marked = { mark };

/** What `listOf` needs of a job. */
export function claimedColumns({ tables: { payloads }, j }: Named, isNew: boolean): SQL {
  const plain = [j.version, j.priority, j.attempt, j.crashes, j.fence, j.runAt, j.enqueuedAt, j.leaseUntil];
  const facts = sql.join(
    [
      j.seq,
      sql`'"' || ${j.id} || '"'`,
      ...plain,
      sql`(${j.passed} is not null)::integer`,
      sql`(${j.needed} is not null)::integer`,
      sql.raw(isNew ? "1" : "0"),
    ],
    sql`, `,
  );
  return sql`concat_ws(',', ${facts}) as facts, ${j.name} as name, ${j.queue} as queue,
    (select ${payloads.payload} from ${payloads} where ${payloads.id} = ${j.id}) as payload`;
}

/** `claimed` has the columns of `claimedColumns`. */
export function listOf(claimed: SQL): SQL {
  const joined = (column: string): SQL => sql`string_agg(${sql.identifier(column)}, ${parameter.text("mark")})`;
  const isLong = sql`octet_length(payload) > ${sql.raw(String(maxListedBytes))}`;
  return sql`select string_agg(facts, '],['), ${joined("name")}, ${joined("queue")}, ${joined("payload")}
      from ${claimed} where not ${isLong}
    union all
    select facts, name, queue, payload from ${claimed} where ${isLong}`;
}

export function claimedOf(rows: readonly PartRow[]): readonly Claimed[] {
  return rows.flatMap((row) => (row[0] === null ? [] : jobsOf(row)));
}

function jobsOf([facts, ...texts]: Part): readonly Claimed[] {
  const [names = [], queues = [], payloads = []] = texts.map((text) => text.split(mark));
  // What the statement builds.
  const all = JSON.parse(`[[${facts}]]`) as readonly Facts[];
  return all.map((one, n) => claimedJob(one, names[n] ?? "", queues[n] ?? "", payloads[n] ?? ""));
}

function claimedJob(facts: Facts, name: string, queue: string, payload: string): Claimed {
  const [seq, id, version, priority, attempt, crashes, fence, runAt, enqueuedAt, leaseUntil, gates, needed, fresh] =
    facts;
  const job = { id, fence, name, queue, version, priority, attempt, crashes, runAt, enqueuedAt, leaseUntil, payload };
  return {
    job: gates || needed ? { ...job, gated: true } : job,
    seq,
    hasGates: gates === 1,
    isNeeded: needed === 1,
    isNew: fresh === 1,
  };
}
