import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dropSchema } from "../support/services/postgres.ts";
import { dropNamespace } from "../support/services/redis.ts";

/** A store that several processes share, for one test. */
export interface Place {
  readonly url: string;
  /** Schema or namespace; SQLite has none. */
  readonly namespace?: string;
  remove(): Promise<void>;
}

export function sqlitePlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), "jobwright-e2e-"));
  return {
    url: `sqlite:${join(folder, "jobs.db")}`,
    remove: () => Promise.resolve(rmSync(folder, { recursive: true })),
  };
}

export function postgresPlace(url: string): Place {
  const namespace = newNamespace();
  return { url, namespace, remove: () => dropSchema(url, namespace) };
}

export function redisPlace(url: string): Place {
  const namespace = newNamespace();
  return { url, namespace, remove: () => dropNamespace(url, namespace) };
}

const newNamespace = (): string => `test_${randomUUID().replaceAll("-", "")}`;

/** What `createProvider` takes besides the URL. */
export function optionsOf({ namespace }: Pick<Place, "namespace">): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}
