import type { ClaimedJob, Provider } from "../contract/index.ts";
import { openEnvelope, settingsOf } from "../core/envelope.ts";
import type { JsonValue } from "../core/descriptor.ts";
import type { Makers } from "../core/makers.ts";
import { flowJobName } from "../core/flow/names.ts";
import { resolveTemplates } from "../core/flow/resolve.ts";
import type { JobCodec } from "../core/job-codec.ts";
import { Skip } from "./outcomes.ts";

/**
 * What the handler of a claimed job gets; a promise only if that takes what other nodes gave. Throws `JW_INVALID_PAYLOAD`,
 * `JW_NOT_UPGRADABLE`, and `Skip` for a node whose condition is not true.
 */
export type ReadPayload = (job: ClaimedJob, codec: JobCodec) => unknown;

/** `loadMakers`: asked for with the first node that needs them. */
export function createPayloadReader(provider: Provider, loadMakers: () => Promise<Makers>): ReadPayload {
  async function readNode(job: ClaimedJob, codec: JobCodec): Promise<unknown> {
    const { settings, payload } = openEnvelope(job.payload);
    const flow = settings?.flow;
    if (!flow) return codec.decodePayload(job.payload, job.id, job.version);
    const resolving = { provider, makers: await loadMakers(), id: job.id, flow };
    if (flow.condition !== undefined) {
      const [isWanted] = await resolveTemplates(resolving, [flow.condition]);
      if (isWanted !== true) throw new Skip("The condition of the node is not true.");
    }
    if (!flow.template || job.name === flowJobName) return codec.decodePayload(job.payload, job.id, job.version);
    const template: unknown = JSON.parse(codec.vault.open("input", payload, job.id));
    const [input] = await resolveTemplates(resolving, [template as JsonValue]); // JSON
    return codec.parseInput(input);
  }

  return (job, codec) => {
    const flow = settingsOf(job.payload)?.flow;
    const isNode = flow && (flow.template || flow.condition !== undefined);
    return isNode ? readNode(job, codec) : codec.decodePayload(job.payload, job.id, job.version);
  };
}
