import { createHash } from "node:crypto";
import { JobwrightError, type NewJob } from "../contract/index.ts";
import { type Duration, parseDuration, shown } from "./duration.ts";
import { createSlots, timesProblem } from "./slots.ts";

/**
 * Which slots run that were missed while no worker was there: the latest of them, none, or all, the latest `all` of them
 * if they are more; 1…1,000.
 */
export type CatchUp = "latest" | "none" | { readonly all: number };

/** Whether a slot is left out while the job of an earlier slot is not final. */
export const overlaps = ["allow", "skip"] as const;

export type Overlap = (typeof overlaps)[number];

/** When a job runs, as one writes it. */
export interface ScheduleSettings {
  /** Five fields, minute to weekday, or six with seconds first. */
  readonly cron: string;
  /** IANA name of the zone whose clock `cron` means. Default `"UTC"`. */
  readonly timeZone?: string;
  /** Slots missed while no worker ran: the latest of them, none, or all of them up to a number. Default `"latest"`. */
  readonly catchUp?: CatchUp;
  /** `skip`: a slot is left out while the job of an earlier one waits or runs. Default `"allow"`. */
  readonly overlap?: Overlap;
  /** Start later by a part of this, another one for each slot and the same in every process. Default: at the slot. */
  readonly jitter?: Duration;
}

/** The same with defaults filled in. */
export interface ScheduleTiming {
  readonly cron: string;
  readonly timeZone: string;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  readonly jitterMs?: number;
}

/** What the store keeps of a schedule, as text that it never looks into. */
export interface ScheduleSpec extends ScheduleTiming {
  /** A worker whose schema lacks a schedule of origin `schema` removes it; those of clients stay until they are removed. */
  readonly origin: "schema" | "client";
  /** Hash of the input of a schema's schedule, unless it is a function of the slot. */
  readonly inputHash?: string;
  /** What each slot of a client's schedule enqueues, besides what the job definition says. */
  readonly job?: SlotTemplate;
}

export type SlotTemplate = Omit<NewJob, "id" | "name" | "queue" | "priority" | "maxCrashes">;

export const defaultTimeZone = "UTC";
export const maxCatchUp = 1_000;

export function isCatchUp(value: unknown): value is CatchUp {
  if (value === "latest" || value === "none") return true;
  if (typeof value !== "object" || value === null || !("all" in value)) return false;
  const { all } = value;
  return typeof all === "number" && Number.isInteger(all) && all >= 1 && all <= maxCatchUp;
}

/** Throws `JW_INVALID_OPTION`. */
export function readTiming(settings: ScheduleSettings): ScheduleTiming {
  const { cron, timeZone = defaultTimeZone, catchUp = "latest", overlap = "allow", jitter } = settings;
  createSlots(cron, timeZone);
  if (!isCatchUp(catchUp)) throw refused("catchUp", catchUp, `Give "latest", "none" or { all: 1…${maxCatchUp} }.`);
  if (!overlaps.includes(overlap)) throw refused("overlap", overlap, 'Give "allow" or "skip".');
  const jitterMs = jitter === undefined ? 0 : parseDuration(jitter, "jitter");
  return { cron, timeZone, catchUp, overlap, ...(jitterMs > 0 && { jitterMs }) };
}

function refused(option: string, value: unknown, hint: string): JobwrightError {
  return new JobwrightError("JW_INVALID_OPTION", `${option} is ${shown(value)}.`, { hint });
}

/** Equal schedules are equal texts, so the members have a fixed order. */
export function printSpec({
  origin,
  cron,
  timeZone,
  catchUp,
  overlap,
  jitterMs,
  inputHash,
  job,
}: ScheduleSpec): string {
  return JSON.stringify({ origin, cron, timeZone, catchUp, overlap, jitterMs, inputHash, job });
}

/** Undefined: not written by this version of jobwright, or with a time zone that this Node does not know. */
export function parseSpec(text: string): ScheduleSpec | undefined {
  try {
    const spec = JSON.parse(text) as Partial<ScheduleSpec> | null; // looked at below
    if (typeof spec !== "object" || spec === null || timesProblem(spec.cron, spec.timeZone)) return undefined;
    if (!isCatchUp(spec.catchUp) || !overlaps.some((overlap) => overlap === spec.overlap)) return undefined;
    const isWhole = spec.origin === "schema" || (spec.origin === "client" && typeof spec.job?.payload === "string");
    return isWhole ? (spec as ScheduleSpec) : undefined; // looked at above
  } catch {
    return undefined;
  }
}

/** Key of a schedule of the schema. */
export function schemaKey(job: string, name: string): string {
  return `${job}.${name}`;
}

const maxIdBytes = 128;

/** Key of a schedule that a client made. Throws `JW_INVALID_OPTION`. */
export function clientKey(job: string, id: string): string {
  // Stores and terminals are hurt by control characters.
  const isText = typeof id === "string" && id !== "" && !/\p{Cc}/u.test(id) && id.isWellFormed();
  if (isText && Buffer.byteLength(id) <= maxIdBytes) return `${job}/${id}`;
  throw refused("The id of the schedule", id, `Give a text of 1 to ${maxIdBytes} bytes, without control characters.`);
}

/**
 * UUIDv7 in shape: the time of the slot and a hash, so that a slot is enqueued once even if its schedule was removed and
 * made again in between.
 */
export function slotJobId(key: string, slot: number): string {
  const hash = hashOf(key, slot);
  hash[2] = ((hash[2] ?? 0) & 0x3f) | 0x80; // the variant, `10`
  const [time, tail] = [slot.toString(16).padStart(12, "0"), hash.toString("hex")];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(0, 3)}-${tail.slice(4, 8)}-${tail.slice(8, 20)}`;
}

/** When the job of a slot may start: a part of the jitter later, which is the same in every process. */
export function startOf(key: string, slot: number, jitterMs: number): number {
  return slot + Math.floor((hashOf(key, slot).readUIntBE(10, 6) / 2 ** 48) * jitterMs);
}

function hashOf(key: string, slot: number): Buffer {
  return createHash("sha256").update(`${slot}\n${key}`).digest();
}
