import { describe, expect, it } from "vitest";
import type { JobHistory } from "../../../runtime/contract/index.ts";
import { createCipher, createEncryptionKey } from "../../../runtime/core/encryption.ts";
import { printLogLine } from "../../../runtime/core/log-line.ts";
import { progressKey } from "../../../runtime/core/progress.ts";
import { revealedHistory, shownHistory } from "../../../runtime/core/shown-history.ts";
import { createVault } from "../../../runtime/core/vault.ts";
import { describeJobs } from "../../worker/fixture.ts";

const given = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error("there is none");
  return value;
};
const canary = "DE89-3704";
const { jobs } = describeJobs({
  plain: {},
  marked: { sensitive: { errors: ["Declined.iban"], progress: ["iban"] } },
  hidden: { encrypted: true },
});
const [plain, marked, hidden] = jobs;
const line = printLogLine({ at: new Date(5), level: "info", message: canary, attempt: 1 });
const data = JSON.stringify({ iban: canary });

function historyOf(log: string, error: object = {}): JobHistory {
  const failed = { name: "Declined", message: "no", data: JSON.stringify({ Declined: { iban: canary } }), ...error };
  return {
    attempts: [{ fence: 1, attempt: 1, startedAt: 1, endedAt: 2, workerId: "w", error: failed }],
    steps: [{ key: "pay", text: data }],
    cursors: [
      { key: "rows", text: data },
      { key: progressKey, text: data },
    ],
    logs: [{ key: "1.0001", text: log }],
  };
}

describe("the history of a job, as people see it", () => {
  it("has log lines and errors as they are, where nothing is marked", () => {
    const shown = shownHistory(historyOf(line), { version: 1 }, plain);
    expect(shown.logs).toEqual([{ at: 5, level: "info", message: canary, attempt: 1 }]);
    expect(shown.attempts[0]?.error?.data).toContain(canary);
    expect([shown.steps, shown.iterations]).toEqual([["pay"], ["rows"]]);
  });

  it("redacts what is marked in the data of errors, of this version of the payload, and all of another", () => {
    const error = (version: number): unknown => shownHistory(historyOf(line), { version }, marked).attempts[0]?.error;
    expect(error(1)).toMatchObject({ data: '{"Declined":{"iban":"[redacted]"}}' });
    expect(error(2)).toMatchObject({ data: '"[redacted]"' });
  });

  it("has the progress that was reported last, without what is marked", () => {
    const progress = (job: typeof plain): unknown => shownHistory(historyOf(line), { version: 1 }, job).progress;
    expect([plain, marked, hidden, undefined].map(progress)).toEqual([
      data,
      '{"iban":"[redacted]"}',
      '"[redacted]"',
      '"[redacted]"',
    ]);
    expect(revealedHistory(historyOf(line)).progress).toBe(data);
  });

  it("says of encrypted lines that they are, even if all is to be revealed", () => {
    const cipher = createCipher({ keys: { a: createEncryptionKey() }, current: "a" });
    const sealed = createVault(given(hidden), cipher).seal("note", line, "id");
    const history = historyOf(sealed);
    for (const shown of [shownHistory(history, { version: 1 }, hidden), revealedHistory(history)]) {
      expect(shown.logs).toEqual([{ message: "[encrypted]" }]);
    }
  });

  it("withholds lines in clear of a job that is encrypted by now, and of one that the schema does not have", () => {
    for (const job of [hidden, undefined]) {
      const shown = shownHistory(historyOf(line), { version: 1 }, job);
      expect(shown.logs).toEqual([{ message: "[redacted]" }]);
      expect(JSON.stringify(shown)).not.toContain(canary);
    }
    expect(JSON.stringify(revealedHistory(historyOf(line)))).toContain(canary);
  });

  it("shows a line that another version wrote as it is", () => {
    expect(shownHistory(historyOf("no JSON"), { version: 1 }, plain).logs).toEqual([{ message: "no JSON" }]);
  });
});
