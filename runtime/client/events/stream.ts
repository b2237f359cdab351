import { isRetryable, JobwrightError, type Provider } from "../../contract/index.ts";
import type { Makers } from "../../core/makers.ts";
import { isStopped } from "./listeners.ts";
import { cursorOf, type Position, positionOf } from "./position.ts";
import { createPace, type Pace } from "./pace.ts";
import { type AnyEvent, readEvent } from "./read-event.ts";
import { createEndReader, type EndReader, type Ends } from "./reader.ts";
import type { EventSettings } from "./settings.ts";
import type { StreamOptions } from "./types.ts";

export type AnyStream = AsyncGenerator<AnyEvent & { readonly cursor: string }, void, undefined>;

const nothing: Ends = { ends: [], more: false };

/** Options are looked at here and not in the generator, so that the call throws and not the loop. */
export function openStream(
  provider: Provider,
  makers: Makers,
  settings: EventSettings,
  { since, cursor, signal }: StreamOptions,
): AnyStream {
  const from = cursor === undefined ? startOf(since) : positionOf(cursor);
  return streamOf(provider, createEndReader(provider, { from, lateMs: settings.lateMs }), makers, settings, signal);
}

async function* streamOf(
  provider: Provider,
  reader: EndReader,
  makers: Makers,
  { pollMs, logger }: EventSettings,
  signal: AbortSignal | undefined,
): AnyStream {
  const pace = createPace(provider);
  try {
    while (!signal?.aborted) {
      const { ends, more } = await reader.read().catch((error: unknown) => {
        if (!isRetryable(error)) throw error;
        logger.error({ err: error }, "the ends of jobs cannot be read; the stream goes on trying");
        return nothing;
      });
      for (const { record, position } of ends) {
        const maker = makers.get(record.name);
        if (!maker) continue;
        if (signal?.aborted) return;
        yield { ...readEvent(record, maker), cursor: cursorOf(position) };
      }
      if (!more) await pause(pace, pollMs, signal);
    }
  } catch (error) {
    if (!isStopped(error)) throw error;
  } finally {
    pace.close();
  }
}

/** Until it is time to look again, or until the signal says that nobody wants it; which of them, the loop looks. */
function pause(pace: Pace, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const aborted = (): void => {
      leave();
      resolve();
    };
    const leave = pace.next(
      () => {
        signal?.removeEventListener("abort", aborted);
        resolve();
      },
      ms,
      { stay: true },
    );
    if (signal?.aborted) return aborted();
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

function startOf(since: Date | undefined): Position | undefined {
  if (since === undefined) return undefined;
  const time = since.getTime();
  if (time >= 0) return { time };
  throw new JobwrightError("JW_INVALID_OPTION", `since is ${String(since)}.`, {
    hint: "Give a valid date from 1970 on, or leave it out to begin now.",
  });
}
