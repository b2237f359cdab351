import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createProvider } from "../../../runtime/providers/by-url/index.ts";

describe("createProvider", () => {
  it.each([
    ["sqlite::memory:", "sync"],
    ["SQLITE::memory:", "sync"],
    ["postgres://app:secret@127.0.0.1:1/app", "async"],
    ["postgresql://app:secret@127.0.0.1:1/app", "async"],
    ["redis://:secret@127.0.0.1:1", "none"],
    ["rediss://:secret@127.0.0.1:1", "none"],
  ])("makes the provider of %s", async (url, transactions) => {
    const provider = await createProvider(url);
    expect(provider.capabilities.transactions).toBe(transactions);
    await provider.stop();
  });

  it("takes what follows `sqlite:` as the path of the file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jobwright-by-url-"));
    const provider = await createProvider(`sqlite:${folder}/the 100%25 file.db`);
    await provider.migrate();
    expect(readdirSync(folder)).toContain("the 100%25 file.db");
    await provider.stop();
    rmSync(folder, { recursive: true });
  });

  it("leaves the tables alone if told so", async () => {
    const provider = await createProvider("sqlite::memory:", { migrate: false });
    await expect(provider.start()).rejects.toMatchObject({ code: "JW_SCHEMA_MISSING" });
    await provider.stop();
  });

  // The words of a URL with a known scheme are those of its provider.
  it.each([
    ["mysql://app:secret@db/app", "There is no provider for `mysql://`."],
    ["constructor:secret", "There is no provider for a URL without a known scheme."],
    ["secret:secret@localhost", "There is no provider for a URL without a known scheme."],
    ["jobs.db", "There is no provider for a URL without a known scheme."],
    ["", "There is no provider for a URL without a known scheme."],
    ["sqlite:", "The sqlite URL names no file."],
    ["sqlite://secret@jobs.db", "A sqlite URL has a path and no host."],
    ["postgres://app:secret@db:99999/app", "URL"],
    ["redis://app:secret@db:99999/app", "URL"],
    ["redis://app:%secret@db", "The redis URL cannot be understood."],
  ])("refuses %s without showing its password", async (url, message) => {
    const refused: unknown = await createProvider(url).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "JW_INVALID_OPTION",
      message: expect.stringContaining(message),
      hint: expect.stringMatching(/^Write /),
    });
    expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain("secret");
  });

  it("refuses a namespace for SQLite, which would mix two stores in one file", async () => {
    await expect(createProvider("sqlite::memory:", { namespace: "mails" })).rejects.toMatchObject({
      code: "JW_INVALID_OPTION",
    });
  });
});
