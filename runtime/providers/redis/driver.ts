import { createRequire } from "node:module";
import type * as Ioredis from "ioredis";
import { JobwrightError } from "../../contract/index.ts";

const require = createRequire(import.meta.url);

/** Loads ioredis when a connection is made, so that whoever brings a client of another copy needs no second one. */
export function loadDriver(load: (name: string) => unknown = require): typeof Ioredis {
  try {
    return load("ioredis") as typeof Ioredis; // CommonJS module, typed by its own package
  } catch (error) {
    throw new JobwrightError("JW_DRIVER_MISSING", "The Redis provider needs the package ioredis.", {
      hint: "Run `npm install ioredis`.",
      cause: error,
    });
  }
}
