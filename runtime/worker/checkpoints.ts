import {
  type ClaimedJob,
  isRetryable,
  type JobHistory,
  JobwrightError,
  type NoteKind,
  type Provider,
} from "../contract/index.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../core/checkpoint-value.ts";
import { progressKey } from "../core/progress.ts";
import type { Vault } from "../core/vault.ts";
import { leaseOf } from "./rejection.ts";
import { stopError } from "./stop.ts";
import type { Checkpoints } from "./types.ts";

/** What checkpoints are made of. */
export interface CheckpointSetting {
  readonly provider: Pick<Provider, "note" | "history">;
  readonly vault: Pick<Vault, "seal" | "open">;
}

/** Bytes of UTF-8. */
export const maxStepName = 512;
const firstRetryMs = 25;
const maxRetryMs = 1_000;

export function createCheckpoints(job: ClaimedJob, signal: () => AbortSignal, setting: CheckpointSetting): Checkpoints {
  const { provider, vault } = setting;
  const used = new Set<string>();
  let known: Promise<JobHistory | undefined> | undefined;

  /** The first claim of a job has nothing to find. */
  function history(): Promise<JobHistory | undefined> {
    return (known ??= job.fence === 1 ? Promise.resolve(undefined) : insist(() => provider.history(job.id)));
  }

  async function find(kind: "steps" | "cursors", name: string): Promise<{ readonly value: unknown } | undefined> {
    const note = (await history())?.[kind].find(({ key }) => key === name);
    return note && { value: decodeCheckpoint(vault.open("note", note.text, job.id)) };
  }

  async function keep(kind: NoteKind, key: string, value: unknown): Promise<void> {
    const text = encodeCheckpoint(`The ${kind} ${key} of ${job.name}`, value);
    const note = { ...leaseOf({ job }), kind, key, text: vault.seal("note", text, job.id) };
    const [settlement] = await insist(() => provider.note([note]));
    if (settlement !== "ok") throw stopError(job, "lease-lost");
  }

  /** The store's trouble is not the handler's, as long as the attempt may go on. */
  async function insist<T>(call: () => Promise<T>): Promise<T> {
    for (let delayMs = firstRetryMs; ; delayMs = Math.min(maxRetryMs, 2 * delayMs)) {
      try {
        return await call();
      } catch (error) {
        if (!isRetryable(error) || signal().aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  function claimName(name: string): void {
    if (typeof name !== "string" || name === "" || Buffer.byteLength(name) > maxStepName) {
      throw new JobwrightError("JW_INVALID_OPTION", `The name of a step is not a text of 1 to ${maxStepName} bytes.`);
    }
    if (name === progressKey) {
      throw new JobwrightError(
        "JW_INVALID_OPTION",
        `No step is named ${progressKey}: jobwright keeps the progress there.`,
      );
    }
    if (used.has(name)) {
      throw new JobwrightError("JW_INVALID_OPTION", `${job.name} has two steps ${name} in one attempt.`, {
        hint: "Give each step a name of its own, e.g. with the id of what it works on; the name finds its result again.",
      });
    }
    used.add(name);
  }

  return {
    async step<T>(name: string, body: () => T | Promise<T>): Promise<T> {
      claimName(name);
      const found = await find("steps", name);
      if (found) return found.value as T; // what an earlier run of the same step returned
      signal().throwIfAborted();
      const value = await body();
      await keep("step", name, value);
      return value;
    },
    async iterate(name, open, each, { cursor, every = 1 }) {
      claimName(name);
      if (!(Number.isInteger(every) && every >= 1)) {
        throw new JobwrightError("JW_INVALID_OPTION", `every is ${String(every)}; give an integer ≥ 1.`);
      }
      const found = await find("cursors", name);
      type Cursor = ReturnType<typeof cursor>;
      let pending: { readonly at: Cursor } | undefined;
      let count = 0;
      const save = async (): Promise<void> => {
        if (pending) await keep("cursor", name, pending.at);
        pending = undefined;
      };
      try {
        for await (const item of open(found?.value as Cursor | undefined)) {
          signal().throwIfAborted();
          await each(item);
          pending = { at: cursor(item) };
          if (++count % every === 0) await save();
        }
      } catch (error) {
        // What was done is kept also when the next item fails; the error of the item is the one to be told.
        await save().catch(() => {});
        throw error;
      }
      await save();
    },
  };
}
