import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalRunner } from "./runner.ts";

/** Starts a program as tests start servers, tells its folder, and stays: `runner.test.ts` kills it. */
const folder = mkdtempSync(join(tmpdir(), "jobwright-orphan-"));
const runner = createLocalRunner({ port: 0, command: "sleep", args: ["600"], folder, lastSignal: "KILL" });
await runner.start();
console.log(folder);
setInterval(() => {}, 60_000);
