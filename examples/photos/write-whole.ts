import { randomUUID } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Writes a file that is there as a whole or not at all, also when the process is killed, and when another one that took over the
 * job writes it at the same time. What a killed process leaves has a name that begins with a dot.
 */
export async function writeWhole(file: string, data: Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const part = join(dirname(file), `.${basename(file)}.${randomUUID()}`);
  await writeFile(part, data, { flush: true });
  await rename(part, file);
}
