import { JobwrightError, type NewJob, type Provider } from "../../contract/index.ts";
import { type NodeSpec, refuseWorkflow } from "../../core/flow/builder.ts";
import { nodeId } from "../../core/flow/ids.ts";
import { optionsOf } from "../../core/flow/instantiate.ts";
import { type Makers, makerOf } from "../../core/makers.ts";
import { openBatchName, sealName } from "../../core/flow/names.ts";
import { decodeTemplate, encodeTemplate } from "../../core/flow/template.ts";
import { makeJob } from "../../core/new-job.ts";

export interface BatchMembers {
  add(members: readonly NodeSpec[]): Promise<void>;
  close(): Promise<void>;
}

/** Of an open batch. */
export function createBatchMembers(
  provider: Provider,
  makers: Makers,
  newId: () => string,
  flow: string,
): BatchMembers {
  const batch = nodeId(flow, openBatchName);

  function memberOf(spec: NodeSpec): Omit<NewJob, "neededBy"> {
    const { job, input, settings } = refuseWorkflow(spec, "The members of an open batch are jobs");
    const value = decodeTemplate(encodeTemplate(input, `the input of ${job}`), refuseReference);
    const id = newId();
    return makeJob(makerOf(makers, job), value, {
      ...optionsOf(settings),
      id,
      unique: false,
      flow: { id: flow, node: `${job}:${id}` },
    });
  }

  return {
    async add(members) {
      const {
        needs: [seal],
      } = await provider.needs({ id: batch, limit: 1 });
      if (!seal) throw notFound(flow);
      const neededBy = [{ id: batch, when: seal.when }];
      await provider.enqueue(members.map((member) => ({ ...memberOf(member), neededBy })));
    },
    async close() {
      const [outcome] = await provider.complete([{ id: nodeId(flow, sealName) }]);
      if (outcome === "notFound") throw notFound(flow);
    },
  };
}

function refuseReference(): never {
  throw new JobwrightError("JW_INVALID_FLOW", "A member that is added to an open batch refers to another node.", {
    hint: "Members that are added later stand alone: give them values.",
  });
}

function notFound(id: string): JobwrightError {
  return new JobwrightError("JW_NOT_FOUND", `There is no open batch ${id}.`, {
    hint: "It never existed, or its retention time is over.",
  });
}
