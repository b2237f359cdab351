import { JobwrightError, type StoredError } from "../contract/index.ts";
import type { JobDescriptor } from "./descriptor.ts";
import { type Cipher, isSealed, missingKey, type TextPlace } from "./encryption.ts";
import { uniqueKeyOf } from "./unique-key.ts";

/** Encrypts and decrypts the stored texts of one job definition. Of one that is not encrypted it passes them on. */
export interface Vault {
  /** `bound: false`: the store may give the text to another job of the definition. Throws `JW_ENCRYPTION_KEY`. */
  seal(kind: TextPlace["kind"], text: string, id: string, bound?: boolean): string;
  /** Throws `JW_ENCRYPTION_KEY`, `JW_INVALID_PAYLOAD`, `JW_INVALID_OUTPUT`. */
  open(kind: TextPlace["kind"], text: string, id: string): string;
  /** Name and code stay in clear. */
  sealError(error: StoredError, id: string): StoredError;
  /** What cannot be decrypted is left out. */
  openError(error: StoredError, id: string): StoredError;
  /**
   * The text of a key in a scope, such as a job's unique keys; it tells nothing of the value if the job is encrypted.
   * Throws `JW_ENCRYPTION_KEY`.
   */
  keyOf(scope: string, value: unknown): string | undefined;
  /** What `keyOf` gives for an encrypted job where it gives `text` for one that is not. Throws `JW_ENCRYPTION_KEY`. */
  sealKey(scope: string, text: string): string;
}

/** What the store keeps of the message of an encrypted error. */
const hiddenMessage = "[encrypted]";

export function createVault({ name: job, encrypted }: JobDescriptor, cipher: Cipher | undefined): Vault {
  /** The cipher of a job that must not be stored in clear. */
  function required(kind: TextPlace["kind"], id: string): Cipher {
    if (cipher) return cipher;
    throw missingKey({ job, kind, id });
  }

  const open: Vault["open"] = (kind, text, id) => {
    if (isSealed(text)) return required(kind, id).open(text, { job, kind, id });
    if (encrypted && cipher && !cipher.acceptsPlain) throw inClear(job, kind);
    return text;
  };

  // The sign tells it from the other forms of a key.
  const sealKey: Vault["sealKey"] = (scope, text) => `${scope}!${required("input", "").hash(scope, text)}`;

  return {
    sealKey,
    seal(kind, text, id, bound) {
      return encrypted ? required(kind, id).seal(text, { job, kind, id }, bound) : text;
    },
    open,
    sealError(error, id) {
      if (!encrypted) return error;
      const { name, code, ...hidden } = error;
      const data = required("error", id).seal(JSON.stringify(hidden satisfies Hidden), { job, kind: "error", id });
      return { name, message: hiddenMessage, ...(code === undefined ? {} : { code }), data };
    },
    openError(error, id) {
      if (error.data === undefined || !isSealed(error.data)) return error;
      const { data, ...rest } = error;
      try {
        return { ...rest, ...(JSON.parse(open("error", data, id)) as Hidden) }; // by sealError
      } catch {
        // Without its key an error is still an error with a name.
        return rest;
      }
    },
    keyOf(scope, value) {
      const text = uniqueKeyOf(scope, value);
      return text === undefined || !encrypted ? text : sealKey(scope, text);
    },
  };
}

/** What of an error is encrypted. */
type Hidden = Pick<StoredError, "message" | "stack" | "data">;

function inClear(job: string, kind: TextPlace["kind"]): JobwrightError {
  const code = kind === "input" ? "JW_INVALID_PAYLOAD" : "JW_INVALID_OUTPUT";
  return new JobwrightError(code, `The ${kind} of ${job} is in clear, and \`encryption.plain\` is "refuse".`, {
    hint: 'Let jobs from before the encryption end with `plain: "accept"` first.',
  });
}
