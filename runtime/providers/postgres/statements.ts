import { type SQL, sql } from "drizzle-orm";
import { createTables } from "../../../drizzle/postgres/tables.ts";
import { type ControlStatements, controlStatements } from "./control-statements.ts";
import { type DeliverStatements, deliverStatements } from "./deliver-statements.ts";
import { type GateStatements, gateStatements } from "./gate-statements.ts";
import { type ScheduleStatements, scheduleStatements } from "./schedule-statements.ts";
import { named } from "./sql.ts";
import { type UniqueStatements, uniqueStatements } from "./unique-statements.ts";

/** Everything that this provider says to a database, for the tables of one schema. */
export type Statements = DeliverStatements & ControlStatements & UniqueStatements & ScheduleStatements & GateStatements;

export function createStatements(schema: string): Statements {
  const given = named(createTables(schema));
  return {
    ...deliverStatements(given, nextSeq(schema)),
    ...controlStatements(given),
    ...uniqueStatements(given),
    ...scheduleStatements(given),
    ...gateStatements(given),
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
