import { describe, it } from "vitest";
import { runConformance } from "../../runtime/testing/index.ts";
import { sqliteFactory } from "./sqlite-factory.ts";

runConformance({ describe, it }, sqliteFactory);
