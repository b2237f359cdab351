import { isFinalState, type JobRecord, JobwrightError, type Provider } from "../../contract/index.ts";
import { parseDuration } from "../../core/duration.ts";
import { nodeId } from "../../core/flow/ids.ts";
import type { Makers } from "../../core/makers.ts";
import { actionOf, outputOf } from "../../core/flow/outcomes.ts";
import type { DeclaredSignal } from "../../core/flow/plan.ts";
import { readFlow, statusOf, type StoredNode } from "../../core/flow/status.ts";
import { encodeTemplate } from "../../core/flow/template.ts";
import type { WorkflowSchemas } from "../../core/flow/workflow-input.ts";
import { misfit, parseValue } from "../../core/parse-value.ts";
import type { LoadedWorkflow } from "../../core/schema-module.ts";
import type { ResultOptions } from "../types.ts";
import type { FlowHandle } from "./types.ts";

/** What is known of a workflow that the schema declares. */
export interface DeclaredFlow extends Omit<LoadedWorkflow, "input"> {
  readonly name: string;
}

/** What a handle knows besides its store. */
interface Known {
  readonly makers: Makers;
  readonly workflows: WorkflowSchemas;
  /** Absent for a flow that was drawn at run time, of which any output is taken. */
  readonly declared?: DeclaredFlow;
}

export function createFlowHandle(
  provider: Provider,
  id: string,
  { makers, workflows, declared }: Known,
): FlowHandle<unknown> {
  function outputOfFlow(record: JobRecord): unknown {
    const output = outputOf(record, makers);
    if (!declared?.output) return output;
    return parseValue(declared.output, output, (issues) =>
      misfit("JW_INVALID_OUTPUT", `The output of ${declared.name}`, issues),
    );
  }

  /** What a signal that was drawn at run time carries is nobody's business. */
  async function payloadOf(name: string, payload: unknown): Promise<unknown> {
    const of = await declaredSignal(name);
    const signal = of && workflows(of.workflow).signals[of.signal];
    if (!signal) return payload;
    return parseValue(signal, payload, (issues) =>
      misfit(
        "JW_INVALID_INPUT",
        `The signal ${name}`,
        issues,
        `What it carries is declared with ${of.signal} of ${of.workflow}.`,
      ),
    );
  }

  /** The stored node knows, also where its workflow is a part of another flow. */
  async function declaredSignal(name: string): Promise<DeclaredSignal | undefined> {
    if (declared && Object.hasOwn(declared.signals, name)) return { workflow: declared.name, signal: name };
    const record = await provider.get(nodeId(id, name));
    const action = record && actionOf(record);
    return action?.kind === "signal" ? action.of : undefined;
  }

  async function awaitEnd({ timeout, signal }: ResultOptions = {}): Promise<JobRecord> {
    const record = await provider.awaitSettled(id, {
      ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, "timeout") }),
      ...(signal === undefined ? {} : { signal }),
    });
    return record ?? notFound(id);
  }

  async function read(): Promise<readonly StoredNode[]> {
    return (await readFlow(provider, id)) ?? notFound(id);
  }

  return {
    id,
    async result(options) {
      const record = await awaitEnd(options);
      if (record.state === "succeeded") return outputOfFlow(record);
      throw failed(record);
    },
    async settled(options) {
      const record = await awaitEnd(options);
      const { state, reason, error } = record;
      if (state === "succeeded") return { status: state, output: outputOfFlow(record) };
      if (state !== "dead") return { status: state === "skipped" ? "skipped" : "cancelled", reason };
      const shown = error && Object.assign(new Error(error.message), { name: error.name });
      return { status: state, reason: reason ?? "discarded", failure: undefined, error: shown };
    },
    status: async () => statusOf(id, await read()),
    async cancel() {
      const waiting = (await read()).filter(({ record }) => !isFinalState(record.state));
      // The end first: then nothing can be added, and nobody takes the cancellations for its own failures.
      const [end = "alreadyDone"] = await provider.cancel(waiting.map(({ record }) => record.id).toReversed());
      return end;
    },
    async retry(from) {
      const again = toRetry(await read(), from);
      const outcomes = await provider.requeue(again.map(({ record }) => record.id));
      return Object.fromEntries(again.map(({ name }, index) => [name, outcomes[index] ?? "notFound"]));
    },
    async signal(name, ...[given]) {
      const payload = await payloadOf(name, given);
      const output =
        payload === undefined ? {} : { output: JSON.stringify(encodeTemplate(payload, `the signal ${name}`)) };
      const [outcome] = await provider.complete([{ id: nodeId(id, name), ...output }]);
      if (outcome !== "notFound") return outcome === "completed";
      throw new JobwrightError("JW_NOT_FOUND", `The flow ${id} has no node ${name}.`, {
        hint: "The names are those in `status()`.",
      });
    },
  };
}

/** Parents first, so that those that follow find them waiting. */
function toRetry(nodes: readonly StoredNode[], from: string | undefined): readonly StoredNode[] {
  if (from !== undefined && !nodes.some(({ name }) => name === from)) {
    throw new JobwrightError("JW_NOT_FOUND", `The flow has no node ${from}.`, {
      hint: "The names are those in `status()`.",
    });
  }
  const again = new Set<string>();
  return nodes.filter(({ record, name, needs }) => {
    if (!isFinalState(record.state)) return false;
    const follows = needs.some(({ job }) => again.has(job.id));
    if (record.state === "succeeded" && name !== from && !follows) return false;
    again.add(record.id);
    return true;
  });
}

function failed({ id, state, reason, error, name }: JobRecord): JobwrightError {
  if (state === "cancelled") {
    return new JobwrightError("JW_JOB_CANCELLED", `The flow ${id} was cancelled.`, { details: { reason } });
  }
  const why = error ? `: ${error.message}` : "";
  return new JobwrightError(
    "JW_FLOW_FAILED",
    `The flow ${id} failed: its last node, ${name}, is ${state} (${reason})${why}`,
    {
      hint: "`status()` tells of every node, and `retry()` runs again what did not succeed.",
      details: { state, reason },
    },
  );
}

function notFound(id: string): never {
  throw new JobwrightError("JW_NOT_FOUND", `There is no flow ${id}.`, {
    hint: "It never existed, or its retention time is over.",
  });
}
