import type { ConformanceCase } from "../conformance.ts";
import { claimCases } from "./claim.ts";
import { enqueueCases } from "./enqueue.ts";
import { matrixCases } from "./matrix.ts";
import { settleCases } from "./settle.ts";

export const conformanceCases: readonly ConformanceCase[] = [
  ...matrixCases,
  ...enqueueCases,
  ...claimCases,
  ...settleCases,
];
