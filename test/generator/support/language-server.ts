import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** A place in a file, as editors count: from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly offset: number;
}

/** The language server that editors start for TypeScript, spoken to as they do. */
export interface LanguageServer extends Disposable {
  open(file: string, content?: string): void;
  /** Replaces the text between two places of a file. */
  change(from: Place, to: { readonly line: number; readonly offset: number }, text: string): void;
  definition(at: Place): Promise<readonly Place[]>;
  /** The text of a hover: the declaration, then its documentation. */
  hover(at: Place): Promise<string>;
  completions(at: Place): Promise<readonly string[]>;
  /** Messages of type errors. */
  errors(file: string): Promise<readonly string[]>;
  /** The files of the project that a file belongs to. */
  files(file: string): Promise<readonly string[]>;
}

/** Packages with a language server; the second is an alias of an older version. */
export const servers = ["typescript", "typescript-5"] as const;

export function startLanguageServer(server: (typeof servers)[number]): LanguageServer {
  const tsserver = createRequire(import.meta.url).resolve(`${server}/lib/tsserver.js`);
  const child = spawn(process.execPath, [tsserver, "--disableAutomaticTypingAcquisition"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { request, notify } = speakTo(child);
  return {
    open: (file, fileContent) => notify("open", { file, fileContent }),
    change: (from, to, insertString) =>
      notify("change", { ...from, endLine: to.line, endOffset: to.offset, insertString }),
    async definition(at) {
      const found = (await request("definition", at)) as readonly { file: string; start: Place }[]; // tsserver's protocol
      return found.map(({ file, start }) => ({ file, line: start.line, offset: start.offset }));
    },
    async hover(at) {
      const info = (await request("quickinfo", at)) as { displayString: string; documentation: string }; // tsserver's protocol
      return `${info.displayString}\n${info.documentation}`;
    },
    async completions(at) {
      const { entries } = (await request("completionInfo", at)) as { entries: readonly { name: string }[] }; // tsserver's protocol
      return entries.map(({ name }) => name);
    },
    async errors(file) {
      const found = (await request("semanticDiagnosticsSync", { file })) as readonly { text: string }[]; // tsserver's protocol
      return found.map(({ text }) => text);
    },
    async files(file) {
      const info = (await request("projectInfo", { file, needFileNameList: true })) as { fileNames: readonly string[] }; // tsserver's protocol
      return info.fileNames;
    },
    [Symbol.dispose]: () => child.kill(),
  };
}

interface Response {
  readonly type: string;
  readonly request_seq: number;
  readonly success: boolean;
  readonly message?: string;
  readonly body?: unknown;
}

interface Waiter {
  readonly resolve: (body: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Wire {
  notify(command: string, args: object): void;
  request(command: string, args: object): Promise<unknown>;
}

function speakTo(child: ChildProcessByStdio<Writable, Readable, null>): Wire {
  const waiting = new Map<number, Waiter>();
  let seq = 0;
  const send = (command: string, args: object): number => {
    child.stdin.write(`${JSON.stringify({ seq: ++seq, type: "request", command, arguments: args })}\n`);
    return seq;
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!line.startsWith("{")) return;
    const message = JSON.parse(line) as Response; // tsserver's protocol
    const waiter = message.type === "response" ? waiting.get(message.request_seq) : undefined;
    if (message.success) waiter?.resolve(message.body);
    else waiter?.reject(new Error(message.message));
  });
  child.on("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("The language server is gone."));
  });
  return {
    notify: (command, args) => void send(command, args),
    request: (command, args) =>
      new Promise((resolve, reject) => {
        waiting.set(send(command, args), { resolve, reject });
      }),
  };
}

/** Where `word` is in a file, the `occurrence`th one, from 0. */
export function placeOf(file: string, word: string, occurrence = 0): Place {
  const text = readFileSync(file, "utf8");
  let index = text.indexOf(word);
  for (let count = 0; count < occurrence; count++) index = text.indexOf(word, index + 1);
  if (index < 0) throw new Error(`There is no ${word} in ${file}.`);
  const before = text.slice(0, index).split("\n");
  return { file, line: before.length, offset: (before.at(-1) ?? "").length + 1 };
}
