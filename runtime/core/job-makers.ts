import type { SchemaDescriptor } from "./descriptor.ts";
import { createCipher, type EncryptionOptions } from "./encryption.ts";
import { createJobCodec } from "./job-codec.ts";
import type { Makers } from "./makers.ts";
import { type JobSchemas, loadSchema } from "./schema-module.ts";
import { createUuidV7 } from "./uuid.ts";

/** What makes jobs of each definition of the schema, by name. Throws what `loadSchema` and `createCipher` do. */
export async function loadMakers(descriptor: SchemaDescriptor, encryption?: EncryptionOptions): Promise<Makers> {
  return makersOf(descriptor, await loadSchema(descriptor), encryption);
}

/** The same of a schema that was loaded. */
export function makersOf(descriptor: SchemaDescriptor, schema: JobSchemas, encryption?: EncryptionOptions): Makers {
  const cipher = encryption && createCipher(encryption);
  const newId = createUuidV7();
  const makers = descriptor.jobs.map((job) => {
    const loaded = schema.job(job.name);
    return [job.name, { job, codec: createJobCodec(job, loaded, cipher), loaded, newId }] as const;
  });
  return new Map(makers);
}
