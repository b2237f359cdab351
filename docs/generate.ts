import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { compatibilityPage } from "./generate-compatibility.ts";
import { errorPages, errorsPage } from "./generate-errors.ts";
import { policiesPage } from "./generate-policies.ts";
import { statesPage } from "./generate-states.ts";
import { storesPage } from "./generate-stores.ts";

/** Writes the pages that are made from code: `npx tsx docs/generate.ts`. A test fails when they are stale. */
writeFileSync(new URL("compatibility.md", import.meta.url), compatibilityPage());
writeFileSync(new URL("errors.md", import.meta.url), errorsPage());
writeFileSync(new URL("policies.md", import.meta.url), policiesPage());
writeFileSync(new URL("states.md", import.meta.url), statesPage());
writeFileSync(new URL("stores.md", import.meta.url), storesPage());

const errors = new URL("errors/", import.meta.url);
rmSync(errors, { recursive: true, force: true });
mkdirSync(errors);
for (const [name, text] of errorPages()) writeFileSync(new URL(name, errors), text);
