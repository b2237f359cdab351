import { describe } from "vitest";
import { sqlitePlace } from "./place.ts";
import { processSuite } from "./process-suite.ts";

describe("SQLite", () => processSuite(sqlitePlace));
