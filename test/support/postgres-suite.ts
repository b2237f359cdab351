import { randomUUID } from "node:crypto";
import { givenUrl, noServer, type PostgresServer, startPostgres } from "./postgres-server.ts";
import { describeServer, type Given } from "./server-suite.ts";

export { dropSchema } from "./services/postgres.ts";

export type SuiteServer = Given<PostgresServer>;

/** `shared`: a given server will do. */
export function describePostgres(
  name: string,
  body: (given: SuiteServer) => void,
  { shared = false, settings = [] }: { readonly shared?: boolean; readonly settings?: readonly string[] } = {},
): void {
  const start = (): Promise<PostgresServer> => startPostgres(...settings);
  describeServer(name, { url: shared ? givenUrl : undefined, missing: noServer, start }, body);
}

export function newSchemaName(): string {
  return `test_${randomUUID().replaceAll("-", "")}`;
}
