import { createHash } from "node:crypto";
import type { NewJob } from "../contract/index.ts";
import { isSealed } from "./encryption.ts";
import { type JobMaker, makeJob } from "./new-job.ts";
import {
  printSpec,
  schemaKey,
  type ScheduleSpec,
  type ScheduleTiming,
  slotJobId,
  type SlotTemplate,
  startOf,
} from "./schedule.ts";

/** A schedule that the schema of this build declares. */
export interface OwnSchedule {
  readonly key: string;
  readonly maker: JobMaker;
  readonly timing: ScheduleTiming;
  /** A value, or a function of the slot. */
  readonly input: unknown;
}

/** The schedules of the schema. */
export function ownSchedules(makers: Iterable<JobMaker>): readonly OwnSchedule[] {
  return [...makers].flatMap((maker) =>
    Object.entries(maker.job.schedules ?? {}).map(([name, timing]) => ({
      key: schemaKey(maker.job.name, name),
      maker,
      timing,
      input: maker.loaded.scheduleInputs?.[name],
    })),
  );
}

/** Throws `JW_INVALID_INPUT`, `JW_PAYLOAD_TOO_LARGE`, `JW_ENCRYPTION_KEY` for an input that is a value. */
export function ownSpec({ maker, timing, input }: OwnSchedule): string {
  if (typeof input === "function") return printSpec({ origin: "schema", ...timing });
  const { codec } = maker;
  // The key of an encrypted job tells nothing of its input.
  const key = codec.vault.keyOf(maker.job.name, codec.encodeInput(input)) ?? "";
  const inputHash = createHash("sha256").update(key).digest("base64url").slice(0, 22);
  return printSpec({ origin: "schema", ...timing, inputHash });
}

/** What `makeJob` takes for one slot. */
export interface SlotOptions {
  readonly id?: string;
  readonly runAt?: Date;
}

/** The job of a slot, or of a moment. Throws what the input function throws, and what `makeJob` does. */
export function ownSlotJob({ key, maker, timing, input }: OwnSchedule, at: number, options: SlotOptions): NewJob {
  const value: unknown = typeof input === "function" ? input(new Date(at)) : input;
  return makeJob(maker, value, { ...options, ...uniqueOf(key, timing) });
}

/** What a client's schedule keeps of a job. */
export function slotTemplate(maker: JobMaker, key: string, timing: ScheduleTiming, input: unknown): SlotTemplate {
  const {
    id: _id,
    name: _name,
    queue: _queue,
    priority: _priority,
    maxCrashes: _crashes,
    ...template
  } = makeJob(maker, input, {
    ...uniqueOf(key, timing),
    forAnyId: true,
  });
  return template;
}

/** With the queue, priority and crashes of the definition as it is now. Throws `JW_ENCRYPTION_KEY`, `JW_INVALID_PAYLOAD`. */
export function clientSlotJob(maker: JobMaker, template: SlotTemplate, { id, runAt }: SlotOptions): NewJob {
  const { job, newId } = maker;
  const { name, queue, priority, maxCrashes } = job;
  const start = runAt === undefined ? {} : { runAt: runAt.getTime() };
  return { ...sealed(maker, template), id: id ?? newId(), name, queue, priority, maxCrashes, ...start };
}

/** A schedule from before the job's encryption keeps input and keys in clear; no job does. */
function sealed({ job, codec: { vault } }: JobMaker, template: SlotTemplate): SlotTemplate {
  const { payload, unique, gates } = template;
  if (!job.encrypted || isSealed(payload)) return template;
  return {
    ...template,
    payload: vault.seal("input", vault.open("input", payload, ""), "", false),
    ...(unique && { unique: { ...unique, key: vault.sealKey(job.name, unique.key) } }),
    // A gate without a key of its own has the policy's name.
    ...(gates && {
      gates: gates.map((gate) =>
        gate.key === gate.policy ? gate : { ...gate, key: vault.sealKey(gate.policy, gate.key) },
      ),
    }),
  };
}

/** A slot whose job is not final holds the key of the schedule, so the next one is left out. */
function uniqueOf(key: string, { overlap }: ScheduleTiming): { readonly unique?: string } {
  return overlap === "skip" ? { unique: key } : {};
}

/** Id and start of the job of a slot. */
export function slotOptions(key: string, slot: number, { jitterMs }: Pick<ScheduleSpec, "jitterMs">): SlotOptions {
  const id = slotJobId(key, slot);
  return jitterMs === undefined ? { id } : { id, runAt: new Date(startOf(key, slot, jitterMs)) };
}
