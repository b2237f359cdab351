import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { JobwrightError } from "../contract/index.ts";
import { type KeyRing, readKeys } from "./encryption-keys.ts";

/** How inputs, outputs and errors of jobs with `encrypted: true` are kept from those who read the store. */
export interface EncryptionOptions {
  /** Keys of 32 bytes by their id: bytes, or base64 text. All of them decrypt. Ids are letters, digits, `_`, `.`, `-`. */
  readonly keys: Readonly<Record<string, Uint8Array | string>>;
  /** Id of the key that encrypts. */
  readonly current: string;
  /** Id of the key that unique keys are hashed with. Default: the first id in alphabetical order. */
  readonly uniqueKeys?: string;
  /** What becomes of texts of encrypted jobs that are in clear, as jobs from before the encryption are. Default `"accept"`. */
  readonly plain?: "accept" | "refuse";
}

/** Where a text belongs; it opens nowhere else. */
export interface TextPlace {
  /** Name of the job definition. */
  readonly job: string;
  readonly kind: "input" | "output" | "error" | "note";
  readonly id: string;
}

export interface Cipher {
  /** `bound: false`: the text opens in any job of the definition, because the store may give it to another one. */
  seal(text: string, place: TextPlace, bound?: boolean): string;
  /** Throws `JW_ENCRYPTION_KEY` if the key is not here, else `JW_INVALID_PAYLOAD` or `JW_INVALID_OUTPUT`. */
  open(text: string, place: TextPlace): string;
  /** What a unique key is replaced by. */
  hash(job: string, value: string): string;
  readonly acceptsPlain: boolean;
}

/** JSON and envelopes begin otherwise. The digit is that of the format. */
const mark = "enc1:";
const nonceBytes = 12;
const tagBytes = 16;
const algorithm = "aes-256-gcm";
const form = /^enc1:([\w.-]{1,64}):([jd]):([\w-]+)$/;

/** Whether a stored text is encrypted. */
export function isSealed(text: string): boolean {
  return text.startsWith(mark);
}

/** A new random key, as base64 text. Keep it where the application keeps its secrets, and nowhere near the store. */
export function createEncryptionKey(): string {
  return randomBytes(32).toString("base64");
}

/** Throws `JW_INVALID_OPTION` if the options do not make sense together. */
export function createCipher(options: EncryptionOptions): Cipher {
  const ring = readKeys(options);
  const unique = derive(ring.unique, "unique key");
  const keys = new Map([...ring.keys].map(([id, key]) => [id, derive(key, "text")] as const));
  return {
    seal: (text, place, bound = true) => encrypt(currentOf(keys, ring), ring.current, text, place, bound ? "j" : "d"),
    open: (text, place) => decrypt(keys, text, place),
    hash: (job, value) =>
      createHmac("sha256", unique)
        .update(JSON.stringify([job, value]))
        .digest("base64url"),
    acceptsPlain: options.plain !== "refuse",
  };
}

/** One secret for each use, so that what is learned of one says nothing of the other. */
function derive(key: Uint8Array, use: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", key, "", `jobwright ${use} 1`, 32));
}

function currentOf(keys: ReadonlyMap<string, Uint8Array>, { current }: KeyRing): Uint8Array {
  const key = keys.get(current);
  if (key) return key;
  throw new TypeError("readKeys made sure of the current key");
}

/** `enc1:<key id>:<j|d>:<nonce, ciphertext and tag in base64url>`; `j` is bound to one job, `d` to its definition. */
function encrypt(key: Uint8Array, keyId: string, text: string, place: TextPlace, binding: "j" | "d"): string {
  const head = `${mark}${keyId}:${binding}`;
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce);
  cipher.setAAD(placeOf(head, place, binding));
  const body = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `${head}:${body.toString("base64url")}`;
}

function decrypt(keys: ReadonlyMap<string, Uint8Array>, text: string, place: TextPlace): string {
  const [, keyId = "", binding = "", encoded = ""] = form.exec(text) ?? [];
  const key = keys.get(keyId);
  const body = Buffer.from(encoded, "base64url");
  // Base64 has texts that are not the same and mean the same bytes.
  if (body.length < nonceBytes + tagBytes || body.toString("base64url") !== encoded) throw damaged(place);
  if (!key) throw missingKey(place, keyId);
  const decipher = createDecipheriv(algorithm, key, body.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(placeOf(`${mark}${keyId}:${binding}`, place, binding));
  decipher.setAuthTag(body.subarray(-tagBytes));
  try {
    return decipher.update(body.subarray(nonceBytes, -tagBytes), undefined, "utf8") + decipher.final("utf8");
  } catch {
    throw damaged(place);
  }
}

/** Authenticated with the text, so that it opens nowhere else. */
function placeOf(head: string, { job, kind, id }: TextPlace, binding: string): Buffer {
  return Buffer.from(JSON.stringify(binding === "j" ? [head, job, kind, id] : [head, job, kind]));
}

function damaged({ job, kind }: TextPlace): JobwrightError {
  const code = kind === "input" ? "JW_INVALID_PAYLOAD" : "JW_INVALID_OUTPUT";
  return new JobwrightError(code, `The encrypted ${kind} of ${job} was changed, or belongs to another job.`);
}

/** `details.jobId` tells a worker that it is its own job that cannot be read, and not one that its handler looked at. */
export function missingKey({ job, kind, id }: TextPlace, keyId?: string): JobwrightError {
  const which = keyId === undefined ? "no key is here" : `the key ${JSON.stringify(keyId)} is not here`;
  return new JobwrightError("JW_ENCRYPTION_KEY", `The ${kind} of ${job} is encrypted, and ${which}.`, {
    hint:
      keyId === undefined
        ? "Give `encryption` to `createJobs` and `createWorker`, and `jobwright.config.ts` for the command line."
        : "Add it to `encryption.keys`; keep old keys for as long as there are texts that were encrypted with them.",
    details: { jobId: id, ...(keyId === undefined ? {} : { keyId }) },
  });
}
