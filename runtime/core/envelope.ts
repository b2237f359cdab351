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

/** Throws a `SyntaxError` if the text begins as an envelope and is none. */
export function openEnvelope(text: string): Envelope {
  if (!text.startsWith(mark)) return { settings: undefined, payload: text };
  const end = text.indexOf("\n");
  if (end < 0) throw new SyntaxError("The settings of the job have no end.");
  const settings = JSON.parse(text.slice(mark.length, end)) as Settings; // written by sealEnvelope
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
