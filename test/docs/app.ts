import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "../../generator/index.ts";
import { allBlocks, root } from "./blocks.ts";

/** An application made of all blocks of all pages, next to the repository's own schema and generated files. */
export interface DocsApp {
  readonly folder: string;
  typeCheck(): Promise<Ended>;
  /** Runs a file of the application in an empty working folder. */
  run(name: string): Promise<Ended>;
  remove(): void;
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

const compilerOptions = {
  target: "es2023",
  lib: ["es2023", "esnext.disposable"],
  module: "nodenext",
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  isolatedModules: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
  types: ["node"],
};

/**
 * Inside the repository, so that `jobwright` resolves to this package as it is built, and other packages to its own. A
 * block `search.schema.ts` is generated from, into the folder `search`; `search.v1.schema.ts` is what it was before.
 */
export async function createDocsApp(): Promise<DocsApp> {
  mkdirSync(join(root, ".jobwright"), { recursive: true });
  const folder = mkdtempSync(join(root, ".jobwright/docs-"));
  cpSync(join(root, "jobs.schema.ts"), join(folder, "jobs.schema.ts"));
  cpSync(join(root, "generated"), join(folder, "generated"), { recursive: true });
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["**/*.ts"] }));
  for (const { name, code } of allBlocks()) {
    if (name === "jobs.schema.ts") continue;
    writeFileSync(join(folder, name), code);
    const [, out] = /^(\w+)(?:\.v\d+)?\.schema\.ts$/.exec(name) ?? [];
    if (out === undefined) continue;
    const schema = `${out}.schema.ts`;
    writeFileSync(join(folder, schema), code);
    await generate({ cwd: folder, schema, out });
  }
  return {
    folder,
    typeCheck: () => node([join(root, "node_modules/typescript/bin/tsc"), "-p", folder], folder),
    run(name) {
      const cwd = mkdtempSync(join(folder, "run-"));
      return node(["--import", "tsx", join(folder, name)], cwd);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function node(args: readonly string[], cwd: string): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => (output += String(chunk)));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, output })));
}
