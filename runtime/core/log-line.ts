/** A line that a handler wrote with `ctx.log` and that is kept with its job. */
export interface LogLine {
  readonly at: Date;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly attempt: number;
}

export function printLogLine({ at, level, message, attempt }: LogLine): string {
  return JSON.stringify({ at: at.getTime(), level, message, attempt });
}

/** Of what `printLogLine` made. */
export function parseLogLine(text: string): LogLine {
  const { at, ...line } = JSON.parse(text) as Omit<LogLine, "at"> & { readonly at: number };
  return { at: new Date(at), ...line };
}
