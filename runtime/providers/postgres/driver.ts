import { createRequire } from "node:module";
import type * as Pg from "pg";
import { JobwrightError } from "../../contract/index.ts";

const require = createRequire(import.meta.url);

/** Loads pg when a connection is made, so that whoever only imports this module needs no driver. */
export function loadDriver(load: (name: string) => unknown = require): typeof Pg {
  try {
    return load("pg") as typeof Pg; // CommonJS module, typed by @types/pg
  } catch (error) {
    throw new JobwrightError("JW_DRIVER_MISSING", "The PostgreSQL provider needs the package pg.", {
      hint: "Run `npm install pg`.",
      cause: error,
    });
  }
}
