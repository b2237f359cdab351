/** Of these zod infers `unknown` for what goes in; printed is what they coerce to. */
import { z } from "zod";

export const coercedDate = z.object({ v: z.coerce.date() });
export const coercedNumber = z.object({ v: z.coerce.number() });
export const coercedBigint = z.object({ v: z.coerce.bigint() });
export const coercedString = z.object({ v: z.coerce.string() });
export const coercedBoolean = z.object({ v: z.coerce.boolean() });
export const coercedOptional = z.object({ v: z.coerce.date().optional() });
export const coercedList = z.object({ v: z.array(z.coerce.date()), w: z.map(z.coerce.bigint(), z.coerce.date()) });
export const coercedUnion = z.object({ v: z.union([z.coerce.date(), z.null()]) });
