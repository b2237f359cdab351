import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { JobwrightError } from "../../runtime/contract/index.ts";
import { ownVersion } from "./own-version.ts";
import { scaffold } from "./scaffold.ts";
import type { Terminal } from "./terminal.ts";

export interface InitFlags {
  readonly json?: boolean;
  readonly force?: boolean;
}

/** Writes a working project into the current folder. Files that are there stay as they are, unless forced. */
export function init(terminal: Terminal, flags: InitFlags, folder = process.cwd()): void {
  // Refused before anything is written.
  const manifest = planManifest(folder);
  const written: string[] = [];
  const kept: string[] = [];
  for (const [name, text] of Object.entries(scaffold)) {
    const file = join(folder, name);
    if (existsSync(file) && !flags.force) {
      kept.push(name);
      continue;
    }
    writeFileSync(file, text);
    written.push(name);
  }
  if (manifest.after !== manifest.before) {
    writeFileSync(manifest.file, manifest.after);
    written.push("package.json");
  }
  if (flags.json) return terminal.json({ ok: true, written, kept });
  for (const name of written) terminal.done(name);
  for (const name of kept) terminal.say(`  ${name} was there already and stays as it is`);
  terminal.say("\nNext:\n  npm install && npm run codegen\n  npm start");
}

interface Manifest {
  name?: string;
  private?: boolean;
  type?: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  allowScripts?: Record<string, boolean>;
  [key: string]: unknown;
}

const scripts = {
  codegen: "jobwright codegen",
  typecheck: "tsc --noEmit",
  start: "tsx main.ts",
  work: "jobwright work",
};

/** Adds what is missing and changes nothing that is there. Throws `JW_CONFIG` for a manifest that cannot be used. */
function planManifest(folder: string): { readonly file: string; readonly before?: string; readonly after: string } {
  const file = join(folder, "package.json");
  const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  const manifest = parseManifest(before, file);
  if (before === undefined) Object.assign(manifest, { name: "my-jobs", private: true });
  manifest.type ??= "module";
  if (manifest.type !== "module") {
    throw new JobwrightError(
      "JW_CONFIG",
      `${file} says "type": ${JSON.stringify(manifest.type)}; jobwright is ESM only.`,
      {
        hint: 'Set "type": "module", or run init in a folder of its own.',
      },
    );
  }
  manifest.scripts = { ...scripts, ...manifest.scripts };
  const installed = { ...manifest.dependencies, ...manifest.devDependencies };
  const add = (wanted: Record<string, string>, has?: Record<string, string>): Record<string, string> => ({
    ...Object.fromEntries(Object.entries(wanted).filter(([name]) => !(name in installed))),
    ...has,
  });
  manifest.dependencies = add({ ...driver(), jobwright: `^${ownVersion()}`, zod: "^4.5.0" }, manifest.dependencies);
  manifest.devDependencies = add(
    { "@types/node": "^20.19.0", tsx: "^4.23.0", typescript: "^6.0.3" },
    manifest.devDependencies,
  );
  // npm 12 runs no install script that is not named here, and better-sqlite3 12 builds its native part in one.
  if (needsBuild()) manifest.allowScripts = { "better-sqlite3": true, esbuild: true, ...manifest.allowScripts };
  const after = `${JSON.stringify(manifest, undefined, 2)}\n`;
  return { file, after, ...(before === undefined ? {} : { before }) };
}

function parseManifest(text: string | undefined, file: string): Manifest {
  try {
    return JSON.parse(text ?? "{}") as Manifest; // npm's own format
  } catch (error) {
    throw new JobwrightError("JW_CONFIG", `${file} is not valid JSON.`, { cause: error });
  }
}

const firstNodeOfDriver13 = 22;

function needsBuild(): boolean {
  return Number(process.versions.node.split(".")[0]) < firstNodeOfDriver13;
}

function driver(): Record<string, string> {
  return { "better-sqlite3": needsBuild() ? "12.11.1" : "^13.2.0" };
}
