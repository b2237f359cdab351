import superjson from "superjson";

export function bytesOfSuperjson(value: unknown): number {
  return Buffer.byteLength(superjson.stringify(value));
}
