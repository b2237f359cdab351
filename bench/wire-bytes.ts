/** Prints the bytes that values take as they are stored, beside superjson: `npx tsx bench/wire-bytes.ts`, after `npm run bench`. */
import { descriptor as readme } from "../generated/descriptor.ts";
import { payloads } from "./payloads.ts";
import { descriptor as small } from "./validation/generated/descriptor.ts";
import { bytesOfSuperjson } from "./peers/superjson.ts";

const report = {
  issue: "2026-11",
  period: [new Date(0), new Date(86_400_000)],
  clicks: new Map(Array.from({ length: 50 }, (_, n) => [`https://example.com/${n}`, BigInt(n) ** 5n])),
  unsubscribed: new Set(Array.from({ length: 50 }, (_, n) => `reader${n}@example.com`)),
  logo: Uint8Array.from({ length: 1_000 }, (_, n) => (n * n) % 251),
};
const entries = Array.from({ length: 100 }, (_, id) => ({
  id,
  at: new Date(id * 86_400_000),
  amount: BigInt(id) ** 3n,
}));
const large = [
  [readme, "buildReport", "input", report],
  [small, "settle", "input", { entries }],
] as const;

for (const [descriptor, name, side, value] of [...payloads, ...large]) {
  const job = descriptor.jobs.find((each) => each.name === name);
  const own = Buffer.byteLength(JSON.stringify(job?.[side] ? job[side].encode(value) : value));
  const other = bytesOfSuperjson(value);
  console.log(`${name}, ${side}: ${own} bytes, superjson ${other}, ×${(own / other).toFixed(2)}`);
}
