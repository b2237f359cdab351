import { type SQL, sql } from "drizzle-orm";
import { jobs, needs } from "../../../drizzle/sqlite/tables.ts";

/** Why a change of a job's state is not all; the column `gated` holds the sum. */
export const ties = {
  gates: 1,
  /** Others need it, or did once. */
  needed: 2,
  needs: 4,
} as const;

type Tie = (typeof ties)[keyof typeof ties];

const bit = (tie: Tie): SQL => sql.raw(String(tie));

const has = (tie: Tie): SQL => sql`(${jobs.gated} & ${bit(tie)}) <> 0`;
export const lacks = (tie: Tie): SQL => sql`(${jobs.gated} & ${bit(tie)}) = 0`;
export const withTie = (tie: Tie): SQL => sql`${jobs.gated} | ${bit(tie)}`;

/** Its needs hold the job. */
export const isHeld = sql`(${jobs.state} = 'blocked' and ${has(ties.needs)}
  and exists (select 1 from ${needs} where ${needs.seq} = ${jobs.seq} and ${needs.held} = 1))`;
