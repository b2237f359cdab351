import type { ConformanceCase } from "../conformance.ts";
import { batchCases } from "./batches.ts";
import { claimCases } from "./claim.ts";
import { controlCases } from "./control.ts";
import { enqueueCases } from "./enqueue.ts";
import { faultCases } from "./faults.ts";
import { finishedCases } from "./finished.ts";
import { gateCases } from "./gates.ts";
import { matrixCases } from "./matrix.ts";
import { needsCases } from "./needs.ts";
import { needsLifeCases } from "./needs-life.ts";
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
  ...needsCases,
  ...needsLifeCases,
  ...batchCases,
  ...finishedCases,
  ...noteCases,
];
