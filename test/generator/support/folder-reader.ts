/** A process that looks at a generated folder all the time, as a bundler may at any moment, and tells what it found broken. */
import { readdirSync, readFileSync } from "node:fs";

const folder = process.argv[2] ?? "";
const faults = new Set<string>();
let looks = 0;
let isOver = false;

/** Follows the imports from the entry on, as a bundler does: whoever imports is read first. */
function look(): void {
  looks++;
  for (const name of readdirSync(folder)) if (!name.startsWith(".")) read(name);
  for (const importer of ["index.ts", "descriptor.ts"]) {
    for (const [, names = "", file = ""] of read(importer).matchAll(/import (?:type )?\{([^}]*)\} from "\.\/(\w+)/g)) {
      const target = file === "types" ? "types.d.ts" : `${file}.ts`;
      const text = read(target);
      for (const name of names.split(",").map((part) => part.trim())) {
        // The files may have been replaced since the importer was read: then it has to be read again.
        if (name === "" || new RegExp(`export \\w+ ${name}\\b`).test(text)) continue;
        if (read(importer).includes(name) && read(target) === text)
          faults.add(`${importer} imports ${name}, which ${target} lacks`);
      }
    }
  }
}

function read(name: string): string {
  try {
    const text = readFileSync(`${folder}/${name}`, "utf8");
    if (!text.endsWith("\n") || (name.endsWith(".ts") && !text.startsWith("// Generated")))
      faults.add(`${name} is no whole file`);
    return text;
  } catch {
    // Removed, which is right once nobody imports it any more.
    if (name === "index.ts" || name === "descriptor.ts" || name === "types.d.ts") faults.add(`${name} is missing`);
    return "";
  }
}

process.on("message", () => {
  isOver = true;
});
process.send?.("ready");
const step = (): void => {
  look();
  if (isOver) process.send?.({ looks, faults: [...faults] }, () => process.disconnect());
  else setImmediate(step);
};
step();
