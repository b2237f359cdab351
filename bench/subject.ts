/** One library under measurement. Every call is what its own documentation shows for best speed. */
export interface Subject {
  enqueue(payload: Payload): Promise<void> | void;
  enqueueMany(payloads: readonly Payload[]): Promise<void> | void;
  /** Jobs that the worker does not take. */
  enqueueOthers(payloads: readonly Payload[]): Promise<void> | void;
  /** Starts a worker whose handler calls `handled` and does nothing else. */
  startWorker(handled: () => void): Promise<void> | void;
  stop(): Promise<void>;
}

export interface Payload {
  readonly text: string;
}

/** About 200 bytes as JSON. */
export const payload: Payload = { text: "x".repeat(188) };

/** Opens a subject on a store: a file for SQLite, else a URL. */
export type Open = (location: string) => Promise<Subject> | Subject;
