import type { JsonValue } from "./descriptor.ts";

/**
 * What travels with one job besides its input: settings of its own, in front of the payload. No store knows of it, so
 * every store can do it, and a job that has none is stored as its bare input.
 *
 * The text is `~`, the settings as JSON, a line feed and the payload. JSON never begins with `~`.
 */
export interface Settings {
  /** In ms after `runAt`; wins over the definition's. */
  readonly expireAfterMs?: number;
  /** An attempt's time limit in ms; wins over the definition's. */
  readonly timeoutMs?: number;
  /** Counted executions; wins over the definition's. */
  readonly maxAttempts?: number;
  /** What the caller wants to find with the job: `ctx.metadata`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What `list` finds the job by, for whoever looks at it. */
  readonly tags?: readonly string[];
  /** The node that the job is. */
  readonly flow?: FlowPlace;
}

export interface FlowPlace {
  /** Id of the flow, which is that of its end. */
  readonly id: string;
  readonly node: string;
  /** Of the end: name of the workflow, if the schema declares it. */
  readonly workflow?: string;
  /** The payload is a template instead of an encoded input. */
  readonly template?: true;
  /** A template: what has to be true for the job to run. */
  readonly condition?: JsonValue;
}

export interface Envelope {
  readonly settings: Settings | undefined;
  /** The encoded input. */
  readonly payload: string;
}

const mark = "~";

export function sealEnvelope(payload: string, settings: Settings): string {
  const text = JSON.stringify(settings);
  // JSON.stringify leaves no line feed in its text.
  return text === "{}" ? payload : `${mark}${text}\n${payload}`;
}

/** What was opened last: a worker asks several times in a row for what travels with one job. */
let last: { readonly text: string; readonly opened: Envelope } | undefined;

/** Throws a `SyntaxError` if the text begins as an envelope and is none. */
export function openEnvelope(text: string): Envelope {
  if (!text.startsWith(mark)) return { settings: undefined, payload: text };
  if (last?.text !== text) last = { text, opened: readEnvelope(text) };
  return last.opened;
}

function readEnvelope(text: string): Envelope {
  const end = text.indexOf("\n");
  if (end < 0) throw new SyntaxError("The settings of the job have no end.");
  const settings: unknown = JSON.parse(text.slice(mark.length, end));
  if (!isSettings(settings)) throw new SyntaxError("The settings of the job are none.");
  return { settings, payload: text.slice(end + 1) };
}

/** Of a stored text; undefined also if it cannot be read, which its decoding will tell. */
export function settingsOf(text: string): Settings | undefined {
  if (!text.startsWith(mark)) return undefined;
  try {
    return openEnvelope(text).settings;
  } catch {
    return undefined;
  }
}

/** Whoever can write to the store can write this: a timer and a counter must not be given just anything. */
function isSettings(value: unknown): value is Settings {
  if (!isObject(value)) return false;
  const { expireAfterMs = 1, timeoutMs = 1, maxAttempts = 1, metadata = {}, tags = [], flow } = value;
  const counts = [expireAfterMs, timeoutMs, maxAttempts];
  if (!counts.every((count) => typeof count === "number" && count >= 1)) return false;
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string")) return false;
  if (flow !== undefined && !isFlowPlace(flow)) return false;
  return isObject(metadata) && Object.values(metadata).every((text) => typeof text === "string");
}

function isFlowPlace(value: unknown): value is FlowPlace {
  if (!isObject(value)) return false;
  const { id, node, workflow = "" } = value;
  return [id, node, workflow].every((text) => typeof text === "string");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
