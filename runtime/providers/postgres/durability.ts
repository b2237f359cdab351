import type { Database } from "./database.ts";
import type { PostgresWarning } from "./options.ts";

/** Says at start what the promise of a durable store rests on, if it is not given. */
export async function checkDurability(
  { pool, where }: Database,
  onWarning: (warning: PostgresWarning) => void = warn,
): Promise<void> {
  const { rows } = await pool.query<{ fsync: string; commit: string }>(
    "select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit",
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
