import { describe, it } from "vitest";
import { runConformance } from "../../runtime/testing/index.ts";
import { memoryFactory } from "./memory-factory.ts";

runConformance({ describe, it }, memoryFactory);
