import { defineJobs, job } from "jobwright/schema";
import { z } from "zod";

/** A postal address. */
export const Address = z
  .object({
    /** Street and number. */
    street: z.string(),
    city: z.string().describe("Town, without the code"),
    /**
     * Postal code.
     * @deprecated Ask the carrier.
     */
    code: z.string().optional(),
  })
  .meta({ id: "address" });

/** A folder of files. */
export const Folder = z.object({
  name: z.string(),
  /** Folders in this one. */
  get folders() {
    return z.array(Folder);
  },
  /** Shown instead of the name. */
  label: z.string().default("-"),
});

export default defineJobs({
  /**
   * Ships a parcel.
   *
   * Ends the comment early: *\/ or so.
   */
  shipParcel: job({
    input: z.object({
      /** Where it goes. */
      to: Address,
      from: Address.nullable(),
      /** In grams. */
      weight: z.int().positive(),
      /** One of many. */
      carrier: z.enum(["first-carrier", "second-carrier", "third-carrier", "fourth-carrier", "fifth-carrier", "sixth-carrier"]),
      "label-format": z.literal(["pdf", "png"]).default("pdf"),
      options: z
        .object({
          /** Ring twice. */
          ring: z.boolean(),
        })
        .partial(),
    }),
    output: z.object({ tracking: z.templateLiteral(["trk-", z.string()]) }),
    queue: "shipping.eu",
    priority: -5,
    version: 3,
    maxCrashes: 1,
    timeout: "1.5h",
    retry: { maxAttempts: 4, backoff: "polynomial", delay: "2s", exponent: 3, maxDelay: "10m", jitter: "full" },
  }),

  indexFolder: job({
    input: Folder,
    queue: "shipping.eu",
    description: "Indexes a folder.\nTold by an option.",
    deprecated: "use shipParcel",
    retry: { maxAttempts: 1 },
  }),

  /** @deprecated */
  legacy: job({ input: z.looseObject({ id: z.uuid() }), output: z.json(), retry: { backoff: "fixed", delay: "0s", jitter: "none" } }),
});
