import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { createLocalRunner } from "./runner.ts";

describe("a private server", () => {
  it("ends with the process that started it, even one that was killed, and leaves no folder", async () => {
    const owner = spawn(process.execPath, ["--import", "tsx", join(import.meta.dirname, "orphan-process.ts")]);
    const [said] = (await once(owner.stdout, "data")) as [Buffer]; // the folder
    const folder = said.toString().trim();
    const removed = new Promise<void>((resolve) => {
      const watcher = watch(tmpdir(), (_event, name) => {
        if (name !== basename(folder) || existsSync(folder)) return;
        watcher.close();
        resolve();
      });
    });
    owner.kill("SIGKILL");
    await removed;
  });

  it("that does not start is told, and not waited for", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jobwright-runner-"));
    const runner = createLocalRunner({ port: 1, command: "false", args: [], folder, lastSignal: "KILL" });
    await runner.start();
    await expect(runner.failed).rejects.toThrow("false on port 1 ended with code 1.");
    runner.remove();
  });

  it("that was told to end has not failed, and can be started again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jobwright-runner-"));
    const runner = createLocalRunner({ port: 1, command: "sleep", args: ["600"], folder, lastSignal: "KILL" });
    await runner.start();
    await runner.end("SIGTERM");
    await runner.start();
    await runner.end("SIGKILL");
    expect(await Promise.race([runner.failed, Promise.resolve("fine")])).toBe("fine");
    runner.remove();
  });
});
