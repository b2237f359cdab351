import type { Provider } from "./contract/index.ts";
import type { SchemaDescriptor } from "./core/descriptor.ts";
import type { EncryptionOptions } from "./core/encryption.ts";
import type { Worker } from "./worker/types.ts";

/** What `jobwright.config.ts` exports by default, so that the command line can reach the store and the worker. */
export interface JobwrightConfig {
  /** The store that `migrate`, `work` and `jobs` use. Called once per command. */
  readonly provider: () => Provider | Promise<Provider>;
  /** Makes the worker that `work` runs, on that provider. Not needed by the other commands. */
  readonly worker?: (provider: Provider) => Worker | Promise<Worker>;
  /**
   * The generated `descriptor`, which says what of a job must not be shown. Default: the one in `generated/`, next to the
   * schema or to this file; without any, `jobs` shows no payload.
   */
  readonly descriptor?: SchemaDescriptor;
  /**
   * Keys of the jobs with `encrypted: true`, for `cron run` to enqueue them: without, it refuses. Nothing is decrypted with
   * them. Default: none.
   */
  readonly encryption?: EncryptionOptions;
}
