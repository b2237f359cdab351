import { createHash } from "node:crypto";

/**
 * The id of a node: the flow's time, and a hash of flow and name, in the form of a UUIDv7. Whoever has the id of a flow and
 * the name of a node finds it, and a flow that is enqueued again under its id is the same flow.
 */
export function nodeId(flowId: string, name: string): string {
  const hash = createHash("sha256").update(`${flowId}/${name}`).digest();
  hash[0] = ((hash[0] ?? 0) & 0x0f) | 0x70;
  hash[2] = ((hash[2] ?? 0) & 0x3f) | 0x80;
  const digits = hash.toString("hex", 0, 10);
  return `${flowId.slice(0, 13)}-${digits.slice(0, 4)}-${digits.slice(4, 8)}-${digits.slice(8)}`;
}
