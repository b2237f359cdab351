/** Added to the first byte of a full head: the job has attempts, notes or tags, which go with it. */
export const beside = 4;

/** Added once for each gate that the job has passed. */
export const passedUnit = 8;

/** Added if the job has gates. */
export const gated = 128;

/**
 * What is marked in a head, as a sum: somebody asked for the job's cancellation; others need it, or did once; it needs others;
 * these hold it, or did until it was cancelled, completed or skipped.
 */
export const marks = { cancelling: 1, needed: 2, needing: 4, held: 8 } as const;

/**
 * How a job is kept: a head in the format of Lua's `struct`, then its payload if that is short. From the first claim on
 * the head that counts lies apart, so that a change of state neither reads nor writes the payload: Lua hashes every byte
 * of every text that it is given.
 *
 * The first byte is a sum: 1 if the payload lies elsewhere, 2 in a full head, then what stands above. A short head is that
 * of a plain ready job with priority 0 which was never claimed: kind, lane, seq, enqueuedAt (also its runAt), maxCrashes.
 * Most waiting jobs are such.
 */
export const shortHead = "<BI3I5I6I2";

/** Numbers from which on a job does not fit a short head. */
export const shortLimits = { lane: 2 ** 24, seq: 2 ** 40, maxCrashes: 2 ** 16 } as const;

/** kind, state, lane, priority, maxCrashes, seq, enqueuedAt, runAt, attempt, crashes, fence, open, marks, … */
export const fullHead = "<BBI4i4I4dddI4I4I4BBdddBd";

/** Bytes of the two heads. */
export const headSizes = { short: 17, full: 85 } as const;

/** The table of a job in scripts: its id, its value in `jobs` if that was read, whether it changed, the full head. */
export const headFields = [
  "ID",
  "VALUE",
  "CHANGED",
  "KIND",
  "STATE",
  "LANE",
  "PRIORITY",
  "MAX_CRASHES",
  "SEQ",
  "ENQUEUED_AT",
  "RUN_AT",
  "ATTEMPT",
  "CRASHES",
  "FENCE",
  "OPEN",
  "MARKS",
  "STARTED_AT",
  "FINISHED_AT",
  "PROGRESS",
  "REASON",
  "CLAIM",
] as const;
