import { type SQL, sql } from "drizzle-orm";
import { createTables } from "../../../drizzle/postgres/tables.ts";
import { controlTexts } from "./control-statements.ts";
import { ackEdges } from "./ack-edges-statement.ts";
import { claim } from "./claim-statement.ts";
import { enqueueTexts } from "./enqueue-statements.ts";
import { gateTexts } from "./gate-statements.ts";
import { inspectTexts } from "./inspect-statements.ts";
import { needsTexts } from "./needs-statements.ts";
import { scheduleTexts } from "./schedule-statements.ts";
import { settleTexts } from "./settle-statements.ts";
import { compile, named, type PgStatement } from "./sql.ts";
import { uniqueTexts } from "./unique-statements.ts";
import { upkeepTexts } from "./upkeep-statements.ts";

/*
 * Enqueue, claim, settle, extend, report: one statement and so one round trip each, whatever the number of jobs. State
 * literals stand in the text: a bound state would keep the planner from using the partial indexes. Batches are JSON, on
 * the hot path columns: see `lists.ts`. Rows are found with `= any(array(…))`, never by a join with a batch: the
 * planner then has no other way than the index, whatever it believes about sizes. For the same reason `(… in (select …)) is true`
 * stands where rows are compared with a batch: it is looked up in a hash, and cannot become a loop within a loop.
 */

const texts = {
  ...enqueueTexts,
  claim,
  ackEdges,
  ...settleTexts,
  ...controlTexts,
  ...upkeepTexts,
  ...inspectTexts,
  ...uniqueTexts,
  ...scheduleTexts,
  ...gateTexts,
  ...needsTexts,
};

/** Everything that this provider says to a database, for the tables of one schema. */
export type Statements = Readonly<Record<keyof typeof texts, PgStatement>>;

/** Each is made when it is first asked for: a process needs few of them, and all of them take longer than to connect. */
export function createStatements(schema: string): Statements {
  const given = named(createTables(schema), nextSeq(schema));
  const statements = {};
  for (const [name, text] of Object.entries(texts)) {
    Object.defineProperty(statements, name, {
      enumerable: true,
      configurable: true,
      get() {
        const value = compile(name, text(given));
        Object.defineProperty(statements, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return statements as Statements; // the keys of `texts`
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
