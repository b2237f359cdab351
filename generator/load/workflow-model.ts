import type { $ZodType } from "zod/v4/core";
import type { WorkflowDefinition } from "../../runtime/schema/index.ts";
import type { PlainWorkflow } from "../model/flow-types.ts";
import type { Sides } from "../model/model.ts";
import { objectOf } from "./object-of.ts";
import type { Walker } from "./walk.ts";

/** A workflow with its types. */
export function workflowModelOf(definition: WorkflowDefinition, walker: Walker): PlainWorkflow {
  const { name, input, output, signals, plan, parts, description, deprecated } = definition;
  const walk = (schema: $ZodType, side: string): Sides => walker.walk(schema, name, [side]);
  return {
    name,
    docs: {
      ...(description === undefined ? {} : { text: description }),
      ...(deprecated === undefined ? {} : { deprecated }),
    },
    input: walk(input, "input"),
    ...(output ? { output: walk(output, "output") } : {}),
    ...(Object.keys(signals).length === 0
      ? {}
      : { signals: objectOf(signals, (schema, signal) => walker.walk(schema, name, placeOf(signal), true)) }),
    plan,
    parts,
  };
}

/** That of a workflow within this one is called `node/signal`, and declared elsewhere. */
function placeOf(signal: string): readonly string[] {
  const [node = signal, inner] = signal.split("/");
  return inner === undefined ? ["nodes", node, "signal"] : ["nodes", node];
}
