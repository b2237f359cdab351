import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const repository: string = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

/** A project in a temporary folder, in which `jobwright` is this repository's source. */
export interface Project extends Disposable {
  readonly folder: string;
  write(file: string, text: string): void;
  read(file: string): string;
  /** File names of a folder, sorted. */
  list(folder: string): readonly string[];
  /** Output of the compiler; empty when it has nothing to say. */
  compile(options?: Readonly<Record<string, unknown>>): string;
}

const strictest = {
  target: "es2023",
  lib: ["es2023", "esnext.disposable"],
  module: "nodenext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  isolatedModules: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
  types: ["node"],
};

/** For the compiler: what the built package says of itself, as users see it; the source takes more than twice as long. */
const builtPaths = {
  jobwright: [`${repository}/dist/runtime/index.d.ts`],
  "jobwright/*": [`${repository}/dist/runtime/*/index.d.ts`, `${repository}/dist/runtime/providers/*/index.d.ts`],
  "jobwright/codegen/v1": [`${repository}/dist/runtime/codegen/v1.d.ts`],
  "jobwright/generator": [`${repository}/dist/generator/index.d.ts`],
};

/** For what runs. */
const paths = {
  jobwright: [`${repository}/runtime/index.ts`],
  "jobwright/schema": [`${repository}/runtime/schema/index.ts`],
  "jobwright/codegen/v1": [`${repository}/runtime/codegen/v1.ts`],
  "jobwright/generator": [`${repository}/generator/index.ts`],
  "jobwright/postgres": [`${repository}/runtime/providers/postgres/index.ts`],
  "jobwright/sqlite": [`${repository}/runtime/providers/sqlite/index.ts`],
  "jobwright/redis": [`${repository}/runtime/providers/redis/index.ts`],
};

export function createProject(files: Readonly<Record<string, string>>): Project {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "jobwright-test-")));
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  const project: Project = {
    folder,
    write(file, text) {
      const path = join(folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    },
    read: (file) => readFileSync(join(folder, file), "utf8"),
    list: (name) => readdirSync(join(folder, name)).sort(),
    compile(options = {}) {
      project.write(
        "tsconfig.check.json",
        JSON.stringify({ compilerOptions: { ...strictest, paths: builtPaths, ...options }, include: ["**/*.ts"] }),
      );
      try {
        execFileSync(
          process.execPath,
          [join(repository, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.check.json"],
          { cwd: folder },
        );
        return "";
      } catch (error) {
        return String((error as { readonly stdout?: unknown }).stdout ?? error).trimEnd(); // execFileSync puts it there
      }
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
  project.write("package.json", '{ "type": "module" }\n');
  project.write("tsconfig.json", JSON.stringify({ compilerOptions: { allowImportingTsExtensions: true, paths } }));
  for (const [file, text] of Object.entries(files)) project.write(file, text);
  return project;
}

/** Lets generated files find the runtime when a test imports them: only tsx goes by the paths of a tsconfig. */
export function linkToSource(project: Project, ...files: readonly string[]): void {
  const source = pathToFileURL(join(repository, "runtime/codegen/v1.ts")).href;
  for (const file of files) project.write(file, project.read(file).replace("jobwright/codegen/v1", source));
}

/** As a package manager does for workspaces: a folder of links, one of them into the project. */
export function linkPackage({ folder }: Project, name: string, path: string): void {
  const modules = join(folder, "node_modules");
  rmSync(modules);
  mkdirSync(modules);
  const others = join(repository, "node_modules");
  for (const entry of readdirSync(others)) symlinkSync(join(others, entry), join(modules, entry));
  mkdirSync(join(modules, name, ".."), { recursive: true });
  symlinkSync(join(folder, path), join(modules, name));
}
