import { createProgram } from "../../generator/cli/program.ts";
import type { Terminal } from "../../generator/cli/terminal.ts";

/** Runs a command in this process and returns everything that it prints. */
export async function runCommand(config: string, words: readonly string[]): Promise<string> {
  const printed: string[] = [];
  const print = (text: string): void => void printed.push(text);
  const terminal: Terminal = {
    data: print,
    say: print,
    done: print,
    json: (value) => print(JSON.stringify(value)),
    fail: () => 2,
  };
  await createProgram(terminal).parseAsync(["node", "jobwright", ...words, "--config", config]);
  return printed.join("\n");
}

/** What a pipe gets: remarks go elsewhere. */
export async function runForJson(config: string, words: readonly string[]): Promise<unknown> {
  const printed = await runCommand(config, [...words, "--json"]);
  return JSON.parse(printed.split("\n").find((line) => line.startsWith("{")) ?? "");
}
