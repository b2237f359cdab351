import { createScheduleControl } from "../../runtime/client/schedules.ts";
import type { ScheduleInfo } from "../../runtime/client/types.ts";
import { JobwrightError, type Provider } from "../../runtime/contract/index.ts";
import { loadMakers } from "../../runtime/core/job-makers.ts";
import { createSlots } from "../../runtime/core/slots.ts";
import { allSchedules } from "../../runtime/core/stored-schedules.ts";
import { loadConfig, withProvider } from "./config.ts";
import { descriptorOf } from "./descriptor.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface CronFlags {
  readonly config?: string;
  readonly json?: boolean;
}

export interface NextFlags extends CronFlags {
  readonly count: string;
}

type Control = ReturnType<typeof createScheduleControl>;

/** What the command knows of the schema: nothing, if there is no generated code to be found. */
interface Scene {
  readonly control: Control;
  readonly provider: Provider;
  readonly knowsSchema: boolean;
}

async function withSchedules<T>(flags: CronFlags, body: (scene: Scene) => Promise<T>): Promise<T> {
  const config = await loadConfig(flags.config);
  const descriptor = await descriptorOf(config, flags.config);
  const makers = descriptor ? await loadMakers(descriptor, config.encryption) : new Map();
  return withProvider(config, async (provider) => {
    await provider.start();
    return body({ provider, control: createScheduleControl(provider, makers), knowsSchema: descriptor !== undefined });
  });
}

export async function list(terminal: Terminal, flags: CronFlags): Promise<void> {
  const { schedules, knowsSchema } = await withSchedules(flags, async ({ control, knowsSchema }) => ({
    schedules: await control.list(),
    knowsSchema,
  }));
  if (flags.json) {
    // Without the schema nobody can tell.
    const shown = knowsSchema ? schedules : schedules.map(({ declared: _declared, ...rest }) => rest);
    return terminal.json({ ok: true, schedules: shown });
  }
  if (schedules.length === 0) return terminal.say("no schedules; a worker puts those of the schema when it starts");
  const header = ["key", "cron", "time zone", "next", "last", "remarks"];
  terminal.data(
    formatTable(
      header,
      schedules.map((schedule) => rowOf(schedule, knowsSchema)),
    ),
  );
  if (!knowsSchema) terminal.say("no generated descriptor was found, so nothing is said of what the schema declares");
}

function rowOf(schedule: ScheduleInfo, knowsSchema: boolean): readonly string[] {
  const { key, cron = "", timeZone = "", nextAt, lastAt, pausedAt, origin, declared } = schedule;
  const remarks = [
    ...(pausedAt === undefined ? [] : ["paused"]),
    ...(origin === undefined ? ["of another version of jobwright"] : []),
    ...(knowsSchema && !declared ? ["not in the schema"] : []),
  ];
  return [key, cron, timeZone, timeOf(nextAt), timeOf(lastAt), remarks.join(", ")];
}

function timeOf(ms: number | undefined): string {
  return ms === undefined ? "" : new Date(ms).toISOString();
}

export async function next(terminal: Terminal, keys: readonly string[], flags: NextFlags): Promise<void> {
  const count = readCount(flags.count);
  const { now, all } = await withSchedules(flags, async ({ control, provider }) => ({
    now: (await allSchedules(provider)).now,
    all: await control.list(),
  }));
  const missing = keys.filter((key) => !all.some((schedule) => schedule.key === key));
  if (missing.length > 0) throw notFound(missing);
  const schedules = all
    .filter(({ key }) => keys.length === 0 || keys.includes(key))
    .map((schedule) => ({ key: schedule.key, slots: slotsOf(schedule, now, count) }));
  if (flags.json) return terminal.json({ ok: true, schedules });
  const rows = schedules.flatMap(({ key, slots }) => slots.map((slot) => [key, timeOf(slot)]));
  terminal.data(formatTable(["key", "slot"], rows));
}

/** None for one that is paused or cannot be read. */
function slotsOf({ cron, timeZone, nextAt, pausedAt }: ScheduleInfo, now: number, count: number): readonly number[] {
  if (cron === undefined || timeZone === undefined || nextAt === undefined || pausedAt !== undefined) return [];
  const slots = createSlots(cron, timeZone);
  const found: number[] = [];
  for (let slot = slots.next(now); slot !== undefined && found.length < count; slot = slots.next(slot))
    found.push(slot);
  return found;
}

export async function run(terminal: Terminal, key: string, flags: CronFlags): Promise<void> {
  const result = await withSchedules(flags, ({ control }) => control.run(key));
  if (flags.json) return terminal.json({ ok: true, ...result });
  terminal.data(`${result.id}  ${result.outcome}`);
}

/** `paused`, `resumed` or `removed`, for every key that there is. */
export async function act(
  terminal: Terminal,
  keys: readonly string[],
  flags: CronFlags,
  verb: "pause" | "resume" | "remove",
): Promise<void> {
  const done = { pause: "paused", resume: "resumed", remove: "removed" }[verb];
  const results = await withSchedules(flags, ({ control }) =>
    Promise.all(keys.map(async (key) => ({ key, outcome: (await control[verb](key)) ? done : "notFound" }))),
  );
  const missing = results.filter(({ outcome }) => outcome === "notFound").map(({ key }) => key);
  if (flags.json) terminal.json({ ok: missing.length === 0, results });
  else for (const { key, outcome } of results) terminal.data(`${key}  ${outcome}`);
  if (missing.length === 0) return;
  if (flags.json) process.exitCode = 2;
  else throw notFound(missing);
}

function notFound(keys: readonly string[]): JobwrightError {
  return new JobwrightError("JW_NOT_FOUND", `There is no schedule ${keys.join(", ")}.`, {
    hint: "`jobwright cron list` shows what there is; a worker puts those of the schema when it starts.",
  });
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 1_000) return count;
  throw new JobwrightError("JW_USAGE", `--count ${text} is not an integer from 1 to 1000.`);
}
