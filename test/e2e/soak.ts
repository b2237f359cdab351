import { parseArgs } from "node:util";
import { buildProcesses } from "../support/build.ts";
import { runLoad } from "./load.ts";
import { loadPlaces } from "./load-places.ts";

/** `npm run soak -- [--store sqlite|postgres|redis]... [--seconds 60]`: the load of the tests, for longer. */
const { values } = parseArgs({
  options: { store: { type: "string", multiple: true }, seconds: { type: "string", default: "60" } },
});

buildProcesses();
for (const [name, create] of Object.entries(loadPlaces)) {
  if (values.store && !values.store.includes(name)) continue;
  const { remove, ...place } = await create();
  try {
    const { lost, settledTwice, wrong, ended, ...report } = await runLoad({
      ...place,
      seconds: Number(values.seconds),
    });
    console.log(`\n${name}: ${report.enqueued} enqueued, ${list(ended)}`);
    console.log(`  ${report.kills} × kill -9, ${report.freezes} × SIGSTOP, ${report.restarts} × server restart`);
    console.log(`  ${report.crashes} claims lost their worker, ${report.refused} late settlements refused`);
    console.log(`  lost ${lost.length} · settled twice ${settledTwice.length} · ended otherwise ${wrong.length}`);
    for (const id of [...lost, ...settledTwice, ...wrong].slice(0, 10)) console.log(`    ${id}`);
    if (lost.length + settledTwice.length + wrong.length > 0) process.exitCode = 1;
  } finally {
    await remove();
  }
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([state, count]) => `${count} ${state}`)
    .join(", ");
}
