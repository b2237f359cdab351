import { JobwrightError } from "../../runtime/contract/index.ts";
import { loadConfig, withProvider } from "./config.ts";
import type { JobsFlags } from "./jobs.ts";
import type { Terminal } from "./terminal.ts";

export async function migrate(terminal: Terminal, flags: JobsFlags): Promise<void> {
  const report = await withProvider(await loadConfig(flags.config), (provider) => provider.migrate());
  if (flags.json) return terminal.json({ ok: true, ...report });
  terminal.done(
    report.from === report.to
      ? `the store is up to date (schema version ${report.to})`
      : `schema version ${report.from} → ${report.to}`,
  );
}

export async function work(terminal: Terminal, flags: JobsFlags & { readonly once?: boolean }): Promise<void> {
  const config = await loadConfig(flags.config);
  const makeWorker = config.worker;
  if (!makeWorker) {
    throw new JobwrightError("JW_CONFIG", "jobwright.config.ts has no `worker` function.", {
      hint: "Add `worker: (provider) => createWorker({ provider, handlers })`.",
    });
  }
  await withProvider(config, async (provider) => {
    const worker = await makeWorker(provider);
    terminal.say(`worker ${worker.id} runs${flags.once ? " until no job is ready" : "; Ctrl-C stops it"}`);
    let report;
    if (flags.once) {
      await worker.start();
      await worker.idle();
      report = await worker.stop();
    } else {
      report = await worker.run();
    }
    if (flags.json) terminal.json({ ok: true, ...report });
    else
      terminal.done(`${report.succeeded} succeeded, ${report.failed} failed attempts, ${report.released} given back`);
  });
}
