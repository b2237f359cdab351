import { migrations } from "../../../drizzle/sqlite/migrations.ts";
import { JobwrightError, type MigrationReport } from "../../contract/index.ts";
import type { Connection } from "./connection.ts";
import * as statements from "./statements.ts";

const currentVersion = migrations.length;

/** Schema version of the store; 0 if it has no jobwright tables yet. */
function schemaVersion(connection: Connection): number {
  const table = connection.database.prepare("select 1 from sqlite_master where name = 'jobwright_meta'").get();
  if (!table) return 0;
  return Number(connection.get<{ value: string }>(statements.selectVersion, {})?.value ?? 0);
}

/** Runs inside an open write transaction, so that one of several processes migrates and the others find it done. */
export function migrateSchema(connection: Connection, path: string): MigrationReport {
  const from = schemaVersion(connection);
  refuseNewer(from, path);
  for (const migration of migrations.slice(from)) {
    for (const statement of migration.statements) connection.database.exec(statement);
  }
  if (from < currentVersion) connection.run(statements.writeVersion, { version: String(currentVersion) });
  return { from, to: currentVersion };
}

export function checkSchema(connection: Connection, path: string): void {
  const version = schemaVersion(connection);
  refuseNewer(version, path);
  if (version < currentVersion) {
    throw new JobwrightError(
      "JW_SCHEMA_MISSING",
      version === 0
        ? `The database ${path} has no jobwright tables yet.`
        : `The database ${path} has schema version ${version}; this jobwright needs ${currentVersion}.`,
      { hint: "Run `jobwright migrate`, or create the provider with `migrate: true`." },
    );
  }
}

function refuseNewer(version: number, path: string): void {
  if (version <= currentVersion) return;
  throw new JobwrightError(
    "JW_SCHEMA_NEWER",
    `The database ${path} has schema version ${version}; this jobwright knows versions up to ${currentVersion}.`,
    { hint: "Upgrade the package jobwright in this process. Nothing was changed." },
  );
}

/** Somebody else's database is not taken over by accident: another path is the likelier wish. */
export function refuseForeign(connection: Connection, path: string): void {
  if (schemaVersion(connection) > 0) return;
  const [first] = connection.database
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name limit 1")
    .all() as { name: string }[]; // the statement selects just this column
  if (!first) return;
  throw new JobwrightError(
    "JW_STORE_FOREIGN",
    `The database ${path} belongs to something else: it has a table ${JSON.stringify(first.name)} and none of jobwright's.`,
    { hint: "Choose another path. To keep jobs in your application's own database, pass `shared: true`." },
  );
}
