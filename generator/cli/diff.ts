import { readFileSync } from "node:fs";
import { dirname, basename } from "node:path";
import { JobwrightError } from "../../runtime/contract/index.ts";
import { createProvider } from "../../runtime/providers/by-url/index.ts";
import { type LoadedSchema, loadSchema } from "../build.ts";
import { readBaseline } from "../lock/baseline.ts";
import { compareWithLock } from "../lock/compare.ts";
import { contractsIn } from "../lock/contracted.ts";
import { describeFinding, type Finding, worstOf } from "../lock/finding.ts";
import { compareFlows, countFlows, type FlowsInFlight } from "../lock/flows-in-flight.ts";
import { compareInFlight, countInFlight, droppable, type InFlight } from "../lock/in-flight.ts";
import { type Lock, lockFileOf, parseLock } from "../lock/lock.ts";
import { type PlacedFinding, toGithub, toSarif } from "../lock/sarif.ts";
import { problemOf } from "../lock/update.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

export interface DiffFlags {
  /** A lock file, a git ref, or the URL of a store. */
  readonly against: string;
  readonly schema?: string;
  readonly format?: string;
  readonly namespace?: string;
  readonly json?: boolean;
}

interface Comparison {
  readonly findings: readonly Finding[];
  /** Only of a store. */
  readonly inFlight?: readonly InFlight[];
  /** Only of a store. */
  readonly flows?: readonly FlowsInFlight[];
  readonly droppable?: readonly InFlight[];
}

const formats = ["text", "json", "github", "sarif"] as const;

/** What the schema changes, other than `codegen`, which compares it with the lock beside it. */
export async function diff(terminal: Terminal, flags: DiffFlags): Promise<void> {
  const format = flags.json ? "json" : formatOf(flags.format);
  const cwd = process.cwd();
  const loaded = await loadSchema({ cwd, ...(flags.schema === undefined ? {} : { schema: flags.schema }) });
  const result = /^(?:sqlite|postgres(?:ql)?|rediss?):/.test(flags.against)
    ? await compareWithStore(flags, loaded)
    : { findings: compareWithLock(readBaseline(flags.against, loaded.schema, cwd), contractsIn(loaded.model)) };
  print(terminal, format, { ...result, findings: placed(result.findings, loaded) });
  if (worstOf(result.findings) === "breaking") process.exitCode = exitCodes.findings;
}

function formatOf(name = "text"): (typeof formats)[number] {
  const format = formats.find((known) => known === name);
  if (format) return format;
  throw new JobwrightError("JW_USAGE", `There is no format ${name}.`, { hint: `Take one of ${formats.join(", ")}.` });
}

async function compareWithStore({ against, namespace }: DiffFlags, loaded: LoadedSchema): Promise<Comparison> {
  const provider = await createProvider(against, { migrate: false, ...(namespace === undefined ? {} : { namespace }) });
  try {
    await provider.start();
    const inFlight = await countInFlight(provider);
    const flows = await countFlows(provider);
    const lock = ownLock(loaded.schema);
    const { jobs } = loaded.model;
    const ofFlows = compareFlows(lock, contractsIn(loaded.model).workflows, flows);
    const findings = [...compareInFlight(lock, jobs, inFlight), ...ofFlows];
    return { findings, inFlight, flows, droppable: droppable(lock, jobs, inFlight) };
  } finally {
    await provider.stop();
  }
}

/** The one beside the schema, which knows what older versions stored. */
function ownLock(schema: string): Lock {
  const file = lockFileOf(schema);
  try {
    return parseLock(readFileSync(file, "utf8"), basename(file));
  } catch (error) {
    if (JobwrightError.is(error)) throw error;
    throw new JobwrightError("JW_LOCK_INVALID", `There is no ${basename(file)} in ${dirname(file)}.`, {
      hint: "Run `jobwright codegen` first, and commit it.",
    });
  }
}

function placed(findings: readonly Finding[], { locate, model }: LoadedSchema): readonly PlacedFinding[] {
  return findings.flatMap((finding) => {
    const [place] = locate([problemOf(finding, contractsIn(model))]);
    return place ? [{ ...finding, message: describeFinding(finding), place }] : [];
  });
}

interface Shown extends Comparison {
  readonly findings: readonly PlacedFinding[];
}

function print(terminal: Terminal, format: (typeof formats)[number], result: Shown): void {
  const { findings } = result;
  if (format === "json") return terminal.json({ ok: worstOf(findings) !== "breaking", ...result });
  if (format === "sarif") return terminal.json(toSarif(findings));
  if (format === "github") return findings.forEach((finding) => terminal.data(toGithub(finding)));
  for (const { severity, message, place } of findings) {
    terminal.data(`${severity.padEnd(10)} ${place.file}:${place.line ?? 1}:${place.column ?? 1} ${message}`);
  }
  for (const { job, version, count } of result.inFlight ?? [])
    terminal.say(`${job} version ${version}: ${count} in flight`);
  for (const { workflow, count } of result.flows ?? []) terminal.say(`flows of ${workflow}: ${count} in flight`);
  for (const { job, version } of result.droppable ?? []) {
    terminal.say(`${job} version ${version}: no job is left; its block in the lock and its upgrade can go`);
  }
  if (findings.length === 0) terminal.done("no change that matters to older builds or jobs");
}
