import { createHash, randomBytes } from "node:crypto";

/** What providers on one schema tell each other. Hints, all of them: any may be lost. */
export type Message =
  /** Jobs of this queue became ready. */
  | { readonly kind: "ready"; readonly body: string }
  /** The sender waits for this job to be settled; empty: it wants to hear of all. */
  | { readonly kind: "awaited"; readonly body: string }
  /** An awaited job was settled; empty: some job was. */
  | { readonly kind: "settled"; readonly body: string }
  /** The sender looks whether it hears itself. */
  | { readonly kind: "probe"; readonly body: string };

const kinds = ["ready", "awaited", "settled", "probe"] as const;
const senderLength = 8;
/** PostgreSQL takes less than 8,000 bytes. */
const maxBytes = 7_900;

export function createSender(): string {
  return randomBytes(senderLength / 2).toString("hex");
}

/** Undefined if it is too long to be sent. */
export function writeMessage(sender: string, { kind, body }: Message): string | undefined {
  const text = `${kinds.indexOf(kind)}${sender}${body}`;
  return Buffer.byteLength(text) < maxBytes ? text : undefined;
}

export function readMessage(text: string): (Message & { readonly sender: string }) | undefined {
  const kind = kinds[Number(text[0])];
  return kind && { kind, sender: text.slice(1, 1 + senderLength), body: text.slice(1 + senderLength) };
}

/** PostgreSQL cuts longer names off silently, in LISTEN only. */
const maxNameBytes = 63;

export function channelOf(schema: string): string {
  const name = `jobwright:${schema}`;
  if (Buffer.byteLength(name) <= maxNameBytes) return name;
  return `jobwright:${createHash("sha256").update(schema).digest("hex").slice(0, 32)}`;
}
