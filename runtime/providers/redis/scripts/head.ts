/** Added to the kind of a job: its payload lies in `payloads`. */
export const apart = 1;

/** Added to the kind: the job has attempts, notes or tags, which go with it. */
export const beside = 4;

/** Added to the kind once for each gate that the job has passed. */
export const passedUnit = 8;

/** Added to the kind if the job has gates. */
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
 * A head has two parts. The step is what jobs that took the same steps have in common; the own part, which no claim and no ack
 * changes, begins with the seq. So these write the step once for many jobs, and the rest of their heads as they find it.
 *
 * The first byte of a step says what follows. A short step is that of a plain ready job with priority 0 which was never
 * claimed; most waiting jobs are such.
 */
export const formats = {
  /** More by 1 if the payload lies elsewhere. */
  short: 4,
  full: 8,
} as const;

/** format, lane */
export const shortStep = "BI3";

/** format, kind, state, marks, lane, attempt, crashes, fence, open, startedAt, finishedAt, progress, reason, claim */
export const fullStep = "BBBBI4I4I4I4BdddBd";

/** seq, enqueuedAt, also its runAt, maxCrashes; priority 0 */
export const shortOwn = "I6I6I2";

/** seq, enqueuedAt, maxCrashes, runAt, priority. Behind a short step it is short, in `jobs` behind a full one it is long. */
export const longOwn = "I6dI4di4";

export const shortHead = `>${shortStep}${shortOwn}`;
export const fullHead = `>${fullStep}${longOwn}`;

/** Bytes of the parts. */
export const sizes = { shortStep: 4, fullStep: 54, shortOwn: 14, longOwn: 30, shortHead: 18, fullHead: 84 } as const;

/** Numbers from which on a job does not fit a short head. */
export const shortLimits = { lane: 2 ** 24, time: 2 ** 48, maxCrashes: 2 ** 16 } as const;

/** The table of a job in scripts: its id, its value in `jobs` if that was read, whether it changed, the full head. */
export const headFields = [
  "ID",
  "VALUE",
  "CHANGED",
  "FORMAT",
  "KIND",
  "STATE",
  "MARKS",
  "LANE",
  "ATTEMPT",
  "CRASHES",
  "FENCE",
  "OPEN",
  "STARTED_AT",
  "FINISHED_AT",
  "PROGRESS",
  "REASON",
  "CLAIM",
  "SEQ",
  "ENQUEUED_AT",
  "MAX_CRASHES",
  "RUN_AT",
  "PRIORITY",
] as const;

/**
 * Heads of version 2 of the layout, which are read and never written. Their first byte is 0 or 1 if they are short, and has the
 * bit 2 if they are full.
 */
export const oldHeads = {
  /** kind, lane, seq, enqueuedAt, maxCrashes */
  short: "<BI3I5I6I2",
  /**
   * kind and 2, state, lane, priority, maxCrashes, seq, enqueuedAt, runAt, attempt, crashes, fence, open, marks, startedAt,
   * finishedAt, progress, reason, claim
   */
  full: "<BBI4i4I4dddI4I4I4BBdddBd",
  sizes: { short: 17, full: 85 },
} as const;
