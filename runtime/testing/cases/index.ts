import type { ConformanceCase } from "../conformance.ts";
import { claimCases } from "./claim.ts";
import { controlCases } from "./control.ts";
import { enqueueCases } from "./enqueue.ts";
import { faultCases } from "./faults.ts";
import { gateCases } from "./gates.ts";
import { matrixCases } from "./matrix.ts";
import { noteCases } from "./notes.ts";
import { scheduleCases } from "./schedules.ts";
import { settleCases } from "./settle.ts";
import { timeCases } from "./time.ts";
import { uniqueCases } from "./unique.ts";

export const conformanceCases: readonly ConformanceCase[] = [
  ...matrixCases,
  ...enqueueCases,
  ...claimCases,
  ...settleCases,
  ...timeCases,
  ...faultCases,
  ...controlCases,
  ...uniqueCases,
  ...scheduleCases,
  ...gateCases,
  ...noteCases,
];
