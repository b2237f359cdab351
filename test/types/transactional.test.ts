import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "../../generator/index.ts";
import { createProject, type Project } from "../generator/support/project.ts";

const schema = `
import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";
export default defineJobs({
  transfer: job({ input: z.object({ cents: z.int() }), output: z.int(), queue: "money", transactional: true }),
  notify: job({ input: z.object({ account: z.string() }), queue: "mail" }),
});
`;

const imports = `
import { integer, pgTable } from "drizzle-orm/pg-core";
import { postgres, type HandlerTransaction } from "jobwright/postgres";
import { redis } from "jobwright/redis";
import { createWorker, type TransferHandle, type TransferHandler, type TransferPayload } from "./generated/index.ts";
const onPostgres = postgres("postgres://localhost/app");
const onRedis = redis("redis://localhost");
const accounts = pgTable("accounts", { cents: integer() });
const notify = (): void => {};
type Tx = HandlerTransaction<Record<string, never>>;
export const used = [onPostgres, onRedis, accounts, notify, createWorker];
export type Used = [Tx, TransferHandle<Tx>, TransferHandler<Tx>, TransferPayload];
`;

const transfer =
  "transfer: async ({ cents }, { tx }) => { await tx.insert(accounts).values({ cents }); return cents; }";

const right: readonly string[] = [
  `void createWorker({ provider: onPostgres, handlers: { notify, ${transfer} } });`,
  "void createWorker({ provider: onPostgres, handlers: { notify, transfer: { handle: async ({ cents }, { tx }) => { await tx.insert(accounts).values({ cents }); return cents; } } } });",
  "void createWorker({ provider: onRedis, queues: { mail: 1 }, handlers: { notify } });",
];

const wrong: readonly (readonly [what: string, statement: string, message: string])[] = [
  [
    "a transactional job on a provider without transactions",
    `void createWorker({ provider: onRedis, handlers: { notify, transfer: async () => 1 } });`,
    "not assignable to type 'never'",
  ],
  [
    "a transaction in a job that is not transactional",
    "void createWorker({ provider: onPostgres, queues: { mail: 1 }, handlers: { notify: (_, { tx }) => void tx } });",
    "Property 'tx' does not exist",
  ],
  [
    "a transactional handler that is no promise",
    "void createWorker({ provider: onPostgres, queues: { money: 1 }, handlers: { transfer: ({ cents }) => cents } });",
    "'number' is not assignable to type 'Promise<number>'",
  ],
];

describe("transactional jobs, to the compiler", () => {
  let project: Project;
  let errors: readonly string[];
  const firstLine = imports.split("\n").length;

  beforeAll(async () => {
    project = createProject({ "jobs.schema.ts": schema });
    await generate({ cwd: project.folder });
    project.write("wrong.ts", `${imports}${wrong.map(([, statement]) => statement).join("\n")}\n`);
    project.write("right.ts", `${imports}${right.join("\n")}\n`);
    errors = project.compile().split(/\n(?! )/);
  });

  afterAll(() => project[Symbol.dispose]());

  it("have ctx.tx of the provider's own kind", () => {
    expect(errors.filter((error) => !error.startsWith("wrong.ts"))).toEqual([]);
  });

  it.each(wrong.map(([what, , message], index) => [what, message, firstLine + index] as const))(
    "leave no place for %s",
    (_, message, line) => {
      expect(errors.find((error) => error.startsWith(`wrong.ts(${line},`)) ?? "no error").toContain(message);
    },
  );
});
