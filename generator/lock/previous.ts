import { basename } from "node:path";
import { readIfExists } from "../find.ts";
import type { JobModel, Model } from "../model/model.ts";
import { type Lock, lockFileOf, parseLock } from "./lock.ts";

/** Whether a function of the schema carries jobs of this version forward. */
export function hasUpgrade({ upgrades }: Pick<JobModel, "upgrades">, version: number): boolean {
  return upgrades?.includes(version) === true;
}

/** The model with the contracts of the versions that it upgrades, as far as the lock has them. Throws `JW_LOCK_INVALID`. */
export function attachPrevious(model: Model, schema: string): Model {
  if (!model.jobs.some(({ upgrades }) => upgrades)) return model;
  const file = lockFileOf(schema);
  const text = readIfExists(file);
  return text === undefined ? model : withPrevious(model, parseLock(text, basename(file)));
}

function withPrevious(model: Model, lock: Lock): Model {
  const jobs = model.jobs.map((job) => {
    const versions = (lock.jobs[job.name] ?? lock.retired[job.name])?.versions ?? {};
    const previous = (job.upgrades ?? []).flatMap((version) => {
      const contract = versions[version]?.contract;
      return contract ? [{ version, contract }] : [];
    });
    return previous.length === 0 ? job : { ...job, previous };
  });
  return { ...model, jobs };
}
