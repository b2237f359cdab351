import type { Capabilities, Provider } from "../runtime/contract/index.ts";
import { postgres } from "../runtime/providers/postgres/index.ts";
import { redis } from "../runtime/providers/redis/index.ts";
import { sqlite } from "../runtime/providers/sqlite/index.ts";
import { createMemoryProvider } from "../runtime/testing/index.ts";

/** Nothing is opened before `start()`, so no server is needed to ask what a provider can do. */
export const storeProviders: Readonly<Record<string, Provider>> = {
  "[SQLite](sqlite.md)": sqlite("jobs.db"),
  "[PostgreSQL](postgres.md)": postgres("postgres://localhost/app"),
  "[Redis](redis.md)": redis("redis://localhost"),
  "[memory](testing.md)": createMemoryProvider(),
};

const transactions: Readonly<Record<Capabilities["transactions"], string>> = {
  none: "no",
  sync: "yes, in synchronous code",
  async: "yes",
};

const reach: Readonly<Record<Capabilities["reach"], string>> = {
  process: "one process",
  host: "processes of one host",
  network: "any number of hosts",
};

const rows: readonly (readonly [question: string, answer: (provider: Provider) => string])[] = [
  ["Who can share a store", ({ capabilities }) => reach[capabilities.reach]],
  ["Jobs outlive their processes", ({ capabilities }) => (capabilities.durable ? "yes" : "no")],
  ["`enqueue(input, { tx })` in your transaction", ({ capabilities }) => transactions[capabilities.transactions]],
  ["`transactional` jobs with `ctx.tx`", ({ capabilities }) => (capabilities.transactionalHandlers ? "yes" : "no")],
  ["Workers are woken", ({ notifier }) => (notifier ? "yes; the poll is the guarantee" : "no, they poll")],
  ["Heartbeats from a thread of their own", ({ leaseThread }) => (leaseThread ? "yes" : "no")],
];

/** The page `docs/stores.md`: what differs between the providers, asked of the providers themselves. */
export function storesPage(): string {
  const all = Object.values(storeProviders);
  const table = tableOf(
    ["", ...Object.keys(storeProviders)],
    rows.map(([question, answer]) => [question, ...all.map(answer)]),
  );
  return `${introduction}\n\n${table}\n`;
}

/** A table of Markdown. */
export function tableOf(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [header, header.map(() => "---"), ...rows].map(line).join("\n");
}

const introduction = `<!-- Made by docs/generate.ts from the providers' capabilities. -->

# Stores

Every store keeps the [same promise](guarantees.md): one suite of tests runs on all of them, and the same random sequences
of calls have to give the same answers. What differs is declared by the providers, and this table is made from what they
declare. An option that a store cannot honour is missing from the type of the client that is made for it. How well "outlive"
is meant depends on the store's own settings: see its page.`;
