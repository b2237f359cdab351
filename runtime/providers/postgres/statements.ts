import { type SQL, sql } from "drizzle-orm";
import { createTables } from "../../../drizzle/postgres/tables.ts";
import { type ControlStatements, controlStatements } from "./control-statements.ts";
import { ackEdges } from "./ack-edges-statement.ts";
import { claim } from "./claim-statement.ts";
import { type EnqueueStatements, enqueueStatements } from "./enqueue-statements.ts";
import { type GateStatements, gateStatements } from "./gate-statements.ts";
import { type InspectStatements, inspectStatements } from "./inspect-statements.ts";
import { type NeedsStatements, needsStatements } from "./needs-statements.ts";
import { type ScheduleStatements, scheduleStatements } from "./schedule-statements.ts";
import { type SettleStatements, settleStatements } from "./settle-statements.ts";
import { compile, named, type PgStatement } from "./sql.ts";
import { type UniqueStatements, uniqueStatements } from "./unique-statements.ts";
import { type UpkeepStatements, upkeepStatements } from "./upkeep-statements.ts";

/*
 * Enqueue, claim, settle, extend, report: one statement and so one round trip each, whatever the number of jobs. State
 * literals stand in the text: a bound state would keep the planner from using the partial indexes. Batches are JSON, on
 * the hot path columns: see `lists.ts`. Rows are found with `= any(array(…))`, never by a join with a batch: the
 * planner then has no other way than the index, whatever it believes about sizes. For the same reason `(… in (select …)) is true`
 * stands where rows are compared with a batch: it is looked up in a hash, and cannot become a loop within a loop.
 */

/** Everything that this provider says to a database, for the tables of one schema. */
export type Statements = EnqueueStatements &
  SettleStatements &
  ControlStatements &
  UpkeepStatements &
  InspectStatements &
  UniqueStatements &
  ScheduleStatements &
  GateStatements &
  NeedsStatements & { readonly claim: PgStatement; readonly ackEdges: PgStatement };

export function createStatements(schema: string): Statements {
  const given = named(createTables(schema));
  return {
    ...enqueueStatements(given, nextSeq(schema)),
    claim: compile("claim", claim(given)),
    ackEdges: compile("ack_edges", ackEdges(given)),
    ...settleStatements(given),
    ...controlStatements(given),
    ...upkeepStatements(given),
    ...inspectStatements(given),
    ...uniqueStatements(given),
    ...scheduleStatements(given),
    ...gateStatements(given),
    ...needsStatements(given),
  };
}

/** The sequence behind `jobs.seq`, drawn before the insert, so that payloads can be written in the same statement. */
function nextSeq(schema: string): SQL {
  return sql.raw(`nextval(${quoteText(`${quoteName(schema)}.jobs_seq_seq`)}::regclass)`);
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** For the few places where no parameter may stand. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? ` E${quoted}` : quoted;
}
