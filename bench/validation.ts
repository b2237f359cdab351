import { execFileSync } from "node:child_process";
import { loadavg } from "node:os";
import { withEmittedParser } from "../runtime/core/emitted-parser.ts";
import { type Parser, schemaOf } from "../runtime/core/schema-module.ts";
import { payloads } from "./payloads.ts";

/**
 * How much faster emitted parsers accept a payload than zod does, where code may be made from strings and where it may
 * not. Alone: `npx tsx bench/validation.ts`.
 */
export interface ValidationResult {
  /** Whether zod may use `new Function`. */
  readonly eval: boolean;
  /** Times that the emitted parser is faster than zod's default, by payload. */
  readonly ratios: Readonly<Record<string, number>>;
}

export function measureValidation(): readonly ValidationResult[] {
  return [true, false].map((allowed) => {
    const forbid = allowed ? [] : ["--disallow-code-generation-from-strings"];
    const options = [...forbid, "--import", "tsx", import.meta.filename, "case"];
    const ratios = JSON.parse(execFileSync(process.execPath, options, { encoding: "utf8" })) as Record<string, number>; // by measure
    return { eval: allowed, ratios };
  });
}

async function measure(): Promise<Readonly<Record<string, number>>> {
  const results: Record<string, number> = {};
  for (const [descriptor, name, side, value] of payloads) {
    const { jobs, fingerprintOf } = schemaOf(await descriptor.loadSchema());
    const zod = jobs[name]?.[side];
    const emitted = descriptor.jobs.find((job) => job.name === name)?.parsers?.[side];
    if (!zod || !emitted) throw new Error(`There is no parser for the ${side} of ${name}.`);
    const fast = withEmittedParser(zod, emitted, fingerprintOf);
    results[`${name} ${side}`] = Number(ratio(zod, fast, value).toFixed(1));
  }
  return results;
}

/** The fastest of many short turns, taken in turn: what else the machine does only ever makes one slower. */
function ratio(zod: Parser, fast: Parser, value: unknown): number {
  const best = { zod: Infinity, fast: Infinity };
  for (let turn = 0; turn < 400; turn++) {
    best.zod = Math.min(best.zod, timeOf(zod, value));
    best.fast = Math.min(best.fast, timeOf(fast, value));
  }
  return best.zod / best.fast;
}

function timeOf(parser: Parser, value: unknown): number {
  const startedAt = performance.now();
  for (let i = 0; i < 500; i++) if (!parser.safeParse(value).success) throw new Error("a payload was refused");
  return performance.now() - startedAt;
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv[2] === "case") console.log(JSON.stringify(await measure()));
  else
    console.log(
      JSON.stringify({ node: process.version, load: loadavg()[0], validation: measureValidation() }, undefined, 2),
    );
}
