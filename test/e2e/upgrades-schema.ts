import type { JobClient, SchemaDescriptor } from "jobwright/codegen/v1";
import { z } from "zod";

/** Version 1 of an order has one item, version 2 a list. */
export interface OldOrder {
  readonly n: number;
  readonly item: string;
}

export interface NewOrder {
  readonly n: number;
  readonly items: readonly string[];
}

/** What a handler says of its job: which build it belongs to, and what it got. */
export interface Seen {
  readonly build: BuildName;
  readonly got: unknown;
}

export interface OrderJobs {
  readonly order: JobClient<OldOrder | NewOrder, Seen>;
}

export type BuildName = "old" | "new";

/** Strict, so that a build cannot take a payload of the other one for its own. */
const oldInput = z.strictObject({ n: z.number(), item: z.string() });
const newInput = z.strictObject({ n: z.number(), items: z.array(z.string()) });

export const upgradeOrder = ({ n, item }: OldOrder): NewOrder => ({ n, items: [item, "upgraded"] });

/** What generated code hands to the runtime, written by hand: two builds of one application. */
export const builds: Readonly<Record<BuildName, SchemaDescriptor>> = {
  old: build(1, { input: oldInput }),
  new: build(2, { input: newInput, upgrade: { 1: upgradeOrder } }),
};

export function orderOf(build: BuildName, n: number): OldOrder | NewOrder {
  return build === "old" ? { n, item: `i${n}` } : { n, items: [`i${n}`] };
}

function build(version: number, schema: { readonly input: z.ZodType; readonly upgrade?: object }): SchemaDescriptor {
  return {
    format: 1,
    hash: "e2e",
    jobs: [
      {
        name: "order",
        queue: "orders",
        version,
        ...(schema.upgrade ? { upgrades: [1] } : {}),
        priority: 0,
        retry: { maxAttempts: 3, backoff: { kind: "fixed", delayMs: 10, jitter: "none" } },
        timeoutMs: 60_000,
        maxCrashes: 20,
        hasOutput: true,
      },
    ],
    loadSchema: () =>
      Promise.resolve({
        default: {
          [Symbol.for("jobwright.schema")]: true,
          jobs: { order: { ...schema, output: z.object({ build: z.string(), got: z.unknown() }) } },
        },
      }),
  };
}
