import { z } from "zod";

/** An amount. */
export const cents = z.int().brand<"Cents">();
