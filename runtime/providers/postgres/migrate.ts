import type { PoolClient, QueryConfig } from "pg";
import { defaultSchema } from "../../../drizzle/postgres/tables.ts";
import { migrations } from "../../../drizzle/postgres/migrations.ts";
import { JobwrightError, type MigrationReport } from "../../contract/index.ts";
import { quoteName } from "./statements.ts";
import type { Store } from "./store.ts";
import { timed } from "./timed-query.ts";

const currentVersion = migrations.length;

/** Several stores in one database are migrated one after the other: the lock is about the work, not about the schema. */
const lock = "select pg_advisory_xact_lock(hashtextextended('jobwright migrate', 0))";
/** Making indexes on a full table takes longer than a call may. */
const noTimeLimit = "set local statement_timeout = 0; set local lock_timeout = '60s'";
const migrationLimitMs = 10 * 60_000;

/** What stands in a schema before anything is done to it. */
interface Found {
  /** Of the database. */
  readonly encoding: string;
  readonly schema: boolean;
  /** A table of somebody else, if there are any and none of ours. */
  readonly foreign: string | undefined;
  readonly version: number;
}

/** One of several processes migrates; the others wait for it and find it done. */
export async function migrateSchema(store: Store, schema: string): Promise<MigrationReport> {
  const before = await look(store, schema);
  refuse(before, schema, store.database.where);
  // Nothing to do: no lock, and no right to change anything needed.
  if (before.version === currentVersion) return { from: currentVersion, to: currentVersion };
  return store.database.transaction(async (client) => {
    await say(client, noTimeLimit);
    await say(client, lock);
    const found = await look(store, schema, client);
    refuse(found, schema, store.database.where);
    if (!found.schema) await say(client, `create schema ${quoteName(schema)}`);
    for (const { statements } of migrations.slice(found.version)) {
      for (const statement of statements) await say(client, inSchema(statement, schema));
    }
    if (found.version < currentVersion) {
      await say(client, store.statements.writeVersion.text, [String(currentVersion)]);
    }
    return { from: found.version, to: currentVersion };
  });
}

export async function checkSchema(store: Store, schema: string): Promise<void> {
  const found = await look(store, schema);
  const { where } = store.database;
  refuse(found, schema, where);
  if (found.version === currentVersion) return;
  throw new JobwrightError(
    "JW_SCHEMA_MISSING",
    found.version === 0
      ? `The database ${where} has no jobwright tables in the schema ${JSON.stringify(schema)}.`
      : `The database ${where} has schema version ${found.version}; this jobwright needs ${currentVersion}.`,
    { hint: "Run `jobwright migrate`, or create the provider with `migrate: true`." },
  );
}

function refuse({ encoding, version, foreign }: Found, schema: string, where: string): void {
  if (encoding !== "UTF8") {
    throw new JobwrightError(
      "JW_STORE_UNSUPPORTED",
      `The database ${where} has the encoding ${encoding}, which cannot hold every text; jobwright needs UTF8.`,
      { hint: "Create one with `createdb --encoding=UTF8 --template=template0`. Nothing was changed." },
    );
  }
  if (version > currentVersion) {
    throw new JobwrightError(
      "JW_SCHEMA_NEWER",
      `The database ${where} has schema version ${version}; this jobwright knows versions up to ${currentVersion}.`,
      { hint: "Upgrade the package jobwright in this process. Nothing was changed." },
    );
  }
  if (foreign === undefined) return;
  throw new JobwrightError(
    "JW_STORE_FOREIGN",
    `The schema ${JSON.stringify(schema)} of ${where} belongs to something else: it has a table ${JSON.stringify(foreign)} and none of jobwright's.`,
    { hint: "Choose another `schema`; jobwright keeps its tables in one of their own." },
  );
}

const namespaceQuery = `select
  current_setting('server_encoding') as encoding,
  to_regnamespace(quote_ident($1)) is not null as schema,
  (select c.relname from pg_class c where c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind in ('r', 'p', 'v', 'm')
    order by c.relname limit 1) as first,
  (select count(*) = 2 from pg_attribute a where a.attrelid = to_regclass(quote_ident($1) || '.meta')
    and a.attname in ('key', 'value')) and to_regclass(quote_ident($1) || '.jobs') is not null as ours`;

interface NamespaceRow {
  readonly encoding: string;
  readonly schema: boolean;
  readonly first: string | null;
  readonly ours: boolean;
}

async function look({ database, statements }: Store, schema: string, client?: PoolClient): Promise<Found> {
  const limited = (text: string, values: string[] = []): QueryConfig =>
    timed({ text, values }, database.queryTimeoutMs);
  const ask = async (on: PoolClient): Promise<Found> => {
    const { rows } = await on.query<NamespaceRow>(limited(namespaceQuery, [schema]));
    const [row] = rows;
    const encoding = row?.encoding ?? "UTF8";
    if (!row?.ours) return { encoding, schema: row?.schema ?? false, foreign: row?.first ?? undefined, version: 0 };
    const version = await on.query<{ value: string }>(limited(statements.version.text));
    const value = Number(version.rows[0]?.value ?? 0);
    return { encoding, schema: true, foreign: value > 0 ? undefined : (row.first ?? undefined), version: value };
  };
  return client ? ask(client) : database.transaction(ask);
}

/** The migrations are made for the default schema's name, which nothing else in them is called. */
function inSchema(statement: string, schema: string): string {
  return statement.replaceAll(`${quoteName(defaultSchema)}.`, () => `${quoteName(schema)}.`);
}

async function say(client: PoolClient, text: string, values?: string[]): Promise<void> {
  await client.query(timed({ text, ...(values && { values }) }, migrationLimitMs));
}
