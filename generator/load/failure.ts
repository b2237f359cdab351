import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { codeFrame, type Diagnostic } from "../diagnostics.ts";
import { posixRelative, readIfExists } from "../find.ts";
import type { LoadResult } from "./process.ts";

type Failure = Exclude<LoadResult, { readonly type: "loaded" | "invalid" }>;

interface Context {
  readonly schema: string;
  readonly cwd: string;
  readonly timeoutMs: number;
}

/** What to tell about a schema file that could not be run to its end. */
export function describeFailure(failure: Failure, context: Context): Diagnostic {
  const file = posixRelative(context.cwd, context.schema);
  switch (failure.type) {
    case "no-schema":
      return {
        code: "JW_SCHEMA_LOAD",
        message: "has no default export made by `defineJobs`.",
        hint: failure.hint,
        file,
      };
    case "unreadable":
      return { code: "JW_SCHEMA_LOAD", message: failure.message, hint: failure.hint, file };
    case "timeout":
      return {
        code: "JW_SCHEMA_TIMEOUT",
        message: `did not finish loading within ${context.timeoutMs / 1_000} s.`,
        hint: "A schema file only declares: move connections, servers and endless awaits out of it and of what it imports.",
        file,
      };
    case "exited":
      return { code: "JW_SCHEMA_LOAD", ...describeExit(failure), file };
    case "threw":
      return describeThrow(failure, context, file);
    default:
      return failure satisfies never;
  }
}

function describeExit({ exitCode, signal, stderr }: Failure & { readonly type: "exited" }): {
  message: string;
  hint: string;
} {
  // Node ends with 13 when nothing is left that could settle a top-level await.
  if (exitCode === 13) {
    return {
      message: "waits at its top level for something that never comes.",
      hint: "Remove that `await`, or await it elsewhere.",
    };
  }
  if (signal !== null) {
    return { message: `ended its process with ${signal}.`, hint: "Look at what it imports." };
  }
  const error = lastError(stderr);
  return {
    message: `ended its process with exit code ${exitCode ?? 0} before the schema was read${error === undefined ? "." : `: ${error}`}`,
    hint:
      error === undefined
        ? "Remove `process.exit` from it and from what it imports."
        : "A promise that nobody awaits failed.",
  };
}

/** What Node wrote about the error that ended the process. */
function lastError(stderr: string): string | undefined {
  return stderr.split("\n").findLast((line) => /^[\w$.]*Error\b.*: /.test(line));
}

function describeThrow(
  { message, stack }: Failure & { readonly type: "threw" },
  context: Context,
  file: string,
): Diagnostic {
  const missing = describeMissing(message, context);
  if (missing) return missing;
  const place = placeOf(`${message}\n${stack}`, context.schema);
  return atPlace(place, context, {
    code: "JW_SCHEMA_LOAD",
    message: `could not be loaded: ${firstLine(message)}`,
    hint: "Repair the line shown; run the file with `npx tsx` to see the whole trace.",
    file,
  });
}

/** An import that leads nowhere: Node names both files, the line has to be looked for. */
function describeMissing(message: string, context: Context): Diagnostic | undefined {
  const [, kind, target = "", importer = ""] =
    /Cannot find (module|package) '([^']+)'(?: imported from ([^\n]+))?/.exec(message) ?? [];
  if (kind === undefined) return undefined;
  const from = importer.startsWith("file:") ? fileURLToPath(importer) : importer.trim();
  const isFile = kind === "module";
  const lines = (readIfExists(from) ?? "").split("\n");
  const name = isFile ? basename(target).replace(/\.\w+$/, "") : target;
  const line = lines.findIndex((text) => /\b(?:from|import)\b/.test(text) && text.includes(name)) + 1;
  const column = (lines[line - 1]?.indexOf(name) ?? 0) + 1;
  return atPlace(line > 0 ? { file: from, line, column } : undefined, context, {
    code: "JW_SCHEMA_LOAD",
    message: isFile
      ? `imports a file that does not exist: ${posixRelative(dirname(context.schema), target)}.`
      : `imports a package that is not installed: ${target}.`,
    hint: isFile ? "Check the path; it is relative to the importing file." : `Run \`npm install ${target}\`.`,
    file: posixRelative(context.cwd, context.schema),
  });
}

function atPlace(place: FilePlace | undefined, { cwd }: Context, diagnostic: Diagnostic): Diagnostic {
  const text = place && readIfExists(place.file);
  if (!place || text === undefined) return diagnostic;
  const { line, column } = place;
  return { ...diagnostic, file: posixRelative(cwd, place.file), line, column, frame: codeFrame(text, line, column) };
}

/** esbuild puts a heading over its own messages. */
function firstLine(message: string): string {
  const lines = message
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const syntax = lines.find((line) => line.includes(": ERROR: "));
  return syntax ? syntax.slice(syntax.indexOf("ERROR: ") + "ERROR: ".length) : (lines[0] ?? "it threw");
}

interface FilePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The file whose call of `defineJobs` failed: the schema file, or one that it imports. */
export function throwingFile(stack: string, schema: string): string {
  const frames = stack.split("\n").filter((line) => !/[\\/]runtime[\\/](?:schema|contract)[\\/]/.test(line));
  const file = placeOf(frames.join("\n"), schema)?.file;
  return file !== undefined && readIfExists(file) !== undefined ? file : schema;
}

/** The innermost place that is the user's own: not Node, not a package, not this generator. */
function placeOf(trace: string, schema: string): FilePlace | undefined {
  const places = [
    ...trace.matchAll(/(?:file:\/\/)?(\/[^\s:()?]+|[A-Za-z]:[\\/][^\s:()?]+)(?:\?[^\s:)]*)?:(\d+):(\d+)/g),
  ].map(([text, path = "", line, column]): FilePlace => ({
    file: text.startsWith("file://") ? fileURLToPath(`file://${path}`) : path,
    line: Number(line),
    column: Number(column),
  }));
  return (
    places.find(({ file }) => file === schema) ??
    places.find(({ file }) => !/[\\/]node_modules[\\/]|[\\/]generator[\\/]load[\\/]/.test(file))
  );
}
