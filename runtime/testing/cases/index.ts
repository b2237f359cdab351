import type { ConformanceCase } from "../conformance.ts";
import { matrixCases } from "./matrix.ts";

export const conformanceCases: readonly ConformanceCase[] = [...matrixCases];
