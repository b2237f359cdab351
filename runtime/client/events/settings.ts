import { JobwrightError } from "../../contract/index.ts";
import { parseDuration } from "../../core/duration.ts";
import type { ClientLogger, EventOptions } from "./types.ts";

export interface EventSettings {
  readonly pollMs: number;
  readonly lateMs: number;
  readonly logger: ClientLogger;
}

const defaultPoll = "1s";
/** Longer than a statement may take on any store, as its own settings are by default. */
const defaultLate = "20s";
const minPollMs = 10;

const consoleLogger: ClientLogger = {
  error: (fields, message) => console.error(`jobwright: ${message}`, fields),
};

/** Throws `JW_INVALID_OPTION`. */
export function readEventSettings({ poll, late }: EventOptions = {}, logger = consoleLogger): EventSettings {
  const pollMs = parseDuration(poll ?? defaultPoll, "events.poll");
  if (pollMs < minPollMs) {
    throw new JobwrightError("JW_INVALID_OPTION", `events.poll is ${poll}.`, {
      hint: `The store is asked that often: give ${minPollMs} ms or more.`,
    });
  }
  return { pollMs, lateMs: parseDuration(late ?? defaultLate, "events.late"), logger: guarded(logger) };
}

/** A logger that throws must not end what it is told of. */
function guarded(logger: ClientLogger): ClientLogger {
  return {
    error(fields, message) {
      try {
        logger.error(fields, message);
      } catch {
        // Where else could it be told?
      }
    },
  };
}
