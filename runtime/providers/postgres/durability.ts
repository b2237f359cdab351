import type { Database } from "./database.ts";
import type { PostgresWarning } from "./options.ts";
import { timed } from "./timed-query.ts";

/** Says at start what the promise of a durable store rests on, if it is not given. */
export async function checkDurability(
  { transaction, where, queryTimeoutMs }: Database,
  onWarning: (warning: PostgresWarning) => void = warn,
): Promise<void> {
  const text = "select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit";
  const { rows } = await transaction((client) =>
    client.query<{ fsync: string; commit: string }>(timed({ text }, queryTimeoutMs)),
  );
  const [settings] = rows;
  const off = [
    ...(settings?.fsync === "off" ? ["fsync"] : []),
    ...(settings?.commit === "off" ? ["synchronous_commit"] : []),
  ];
  if (off.length === 0) return;
  const message = `The database ${where} has ${off.join(" and ")} off: a crash of its server may forget accepted jobs.`;
  onWarning({ code: "not-durable", message });
}

function warn({ code, message }: PostgresWarning): void {
  process.emitWarning(message, { type: "JobwrightWarning", code });
}
