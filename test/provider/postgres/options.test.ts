import { afterEach, describe, expect, it } from "vitest";
import { postgres } from "../../../runtime/providers/postgres/index.ts";
import { runSql } from "../../support/postgres-server.ts";
import { describePostgres } from "../../support/postgres-suite.ts";
import { createScene } from "./scene.ts";

describe("queryTimeoutMs of the PostgreSQL provider", () => {
  const open = (queryTimeoutMs: unknown) => () =>
    postgres({ url: "postgres://127.0.0.1/app", queryTimeoutMs: queryTimeoutMs as number }); // from JavaScript

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, "15000", null])("cannot be %s", (value) => {
    expect(open(value)).toThrow(
      expect.objectContaining({
        code: "JW_INVALID_OPTION",
        message: `queryTimeoutMs is ${value}.`,
        hint: expect.stringContaining("2147483647"),
      }),
    );
  });

  it.each([1, 1_500.5, 2 ** 31 - 1, undefined])("can be %s", (value) => {
    expect(open(value)).not.toThrow();
  });
});

describePostgres("the database of the PostgreSQL provider", (given) => {
  const scene = createScene(given);
  afterEach(() => scene.end());

  it.each(["SQL_ASCII", "LATIN1"])("in the encoding %s is refused, and not touched", async (encoding) => {
    await scene.sql(`create database odd encoding '${encoding}' locale 'C' template template0`);
    const url = scene.url.replace(/\/postgres$/, "/odd");
    try {
      const provider = scene.open({ url });
      const unmigrated = scene.open({ url, migrate: false });
      for (const call of [() => provider.start(), () => provider.migrate(), () => unmigrated.start()]) {
        await expect(call()).rejects.toMatchObject({
          code: "JW_STORE_UNSUPPORTED",
          retryable: false,
          message: expect.stringContaining(`has the encoding ${encoding}`),
          hint: expect.stringContaining("--encoding=UTF8"),
        });
      }
      expect(await runSql(url, "select 1 from pg_namespace where nspname = $1", [scene.schema])).toEqual([]);
    } finally {
      await scene.end();
      await scene.sql("drop database odd");
    }
  });
});
