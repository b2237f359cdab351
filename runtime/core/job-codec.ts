import { JobwrightError } from "../contract/index.ts";
import type { JobDescriptor } from "./descriptor.ts";
import { openEnvelope } from "./envelope.ts";
import type { Cipher } from "./encryption.ts";
import { misfit, parseValue } from "./parse-value.ts";
import { redactIssues, type Sensitive } from "./redaction.ts";
import type { LoadedJob, Parser, ParseIssue } from "./schema-module.ts";
import { applyUpgrade, readOlder } from "./upgrade.ts";
import { createVault, type Vault } from "./vault.ts";

/** Turns typed values of one job into stored text and back, parsing on both ends. `id` is that of the job the text belongs to. */
export interface JobCodec {
  /** Encrypts what the codec gives, and decrypts what it takes. */
  readonly vault: Vault;
  /** Validates an input and gives its text, which is not encrypted yet. Throws `JW_INVALID_INPUT`, `JW_PAYLOAD_TOO_LARGE`. */
  encodeInput(input: unknown): string;
  /** What the handler gets. `version`: of the job. Throws `JW_INVALID_PAYLOAD`, `JW_NOT_UPGRADABLE`, `JW_ENCRYPTION_KEY`. */
  decodePayload(payload: string, id: string, version: number): unknown;
  /** The same of an input that was made of what other nodes gave. Throws `JW_INVALID_PAYLOAD`. */
  parseInput(input: unknown): unknown;
  /** Validates what a handler returned. Throws `JW_INVALID_OUTPUT`, `JW_PAYLOAD_TOO_LARGE`. */
  encodeOutput(output: unknown, id: string): string | undefined;
  /** What the caller of `result()` gets. Throws `JW_INVALID_OUTPUT`, `JW_ENCRYPTION_KEY`. */
  decodeOutput(output: string | undefined, id: string): unknown;
  /** Names of the errors that the job declares. */
  readonly errorNames: readonly string[];
  /** Validates the data of a declared error; not encrypted yet. Throws `JW_INVALID_OUTPUT`, `JW_PAYLOAD_TOO_LARGE`. */
  encodeError(name: string, data: unknown): string;
  /** The data of a declared error; undefined if this build declares no such error, or another one. */
  decodeError(name: string, data: string): { readonly name: string; readonly data: unknown } | undefined;
  /** Absent: the progress of the job is a number. */
  readonly progress?: ProgressCodec;
}

/** Values of typed progress. */
export interface ProgressCodec {
  /** Validates what a handler reports. Throws `JW_INVALID_OUTPUT`, `JW_PAYLOAD_TOO_LARGE`. */
  encode(value: unknown, id: string): string;
  /** Undefined if this build cannot read it. */
  decode(text: string, id: string): unknown;
}

/** Bytes of UTF-8 that a stored input or output may have. */
export const maxPayloadBytes = 256 * 1024;

export function createJobCodec(job: JobDescriptor, schema: LoadedJob, cipher?: Cipher): JobCodec {
  const errors = new Map(Object.entries(schema.errors ?? {}));
  const vault = createVault(job, cipher);
  const invalid = refusalOf(job);

  function encodeInput(input: unknown): string {
    parseValue(schema.input, input, (issues) =>
      invalid("JW_INVALID_INPUT", `The input of ${job.name}`, issues, "input"),
    );
    return stringify(job, "input", job.input ? job.input.encode(input) : input);
  }

  function readWire(payload: string, id: string): unknown {
    const textOf = (): string => vault.open("input", openEnvelope(payload).payload, id);
    return readJson(job, "JW_INVALID_PAYLOAD", "payload", textOf);
  }

  function parsePayload(wire: unknown): unknown {
    return parseValue(schema.input, decode(job, wire), (issues) =>
      invalid("JW_INVALID_PAYLOAD", `The stored payload of ${job.name}`, issues, "input"),
    );
  }

  /** An upgraded value goes the way of one that is enqueued and claimed, so that a handler cannot tell them apart. */
  function upgradeWire(wire: unknown, version: number): unknown {
    const upgrade = schema.upgrade?.[version];
    return upgrade ? JSON.parse(encodeInput(applyUpgrade(upgrade, wire))) : wire;
  }

  return {
    vault,
    ...(schema.progress ? { progress: createProgressCodec(job, schema.progress, vault, invalid) } : {}),
    errorNames: [...errors.keys()],
    encodeError(name, data) {
      const parser = errors.get(name);
      if (parser)
        parseValue(parser, data, (issues) =>
          invalid("JW_INVALID_OUTPUT", `The error ${name} of ${job.name}`, issues, "errors", [name]),
        );
      const wire = job.errors ? job.errors.encode({ [name]: data }) : { [name]: data };
      return stringify(job, `error ${name}`, wire);
    },
    decodeError(name, text) {
      const parser = errors.get(name);
      if (!parser) return undefined;
      try {
        const wire: unknown = JSON.parse(text);
        const stored = (job.errors ? job.errors.decode(wire) : wire) as Readonly<Record<string, unknown>>; // by encodeError
        const parsed = parser.safeParse(stored[name]);
        return parsed.success ? { name, data: parsed.data } : undefined;
      } catch {
        // Data of another build: the caller still gets the error itself.
        return undefined;
      }
    },
    encodeInput,
    decodePayload(payload, id, version) {
      if (version >= job.version) return parsePayload(readWire(payload, id));
      return readOlder(job, version, () => parsePayload(upgradeWire(readWire(payload, id), version)));
    },
    parseInput(input) {
      return parseValue(schema.input, input, (issues) =>
        invalid("JW_INVALID_PAYLOAD", `What ${job.name} takes from other nodes`, issues, "input"),
      );
    },
    encodeOutput(output, id) {
      if (!schema.output) return undefined;
      parseValue(schema.output, output, (issues) =>
        invalid("JW_INVALID_OUTPUT", `What the handler of ${job.name} returned`, issues, "output"),
      );
      return vault.seal("output", stringify(job, "output", job.output ? job.output.encode(output) : output), id);
    },
    decodeOutput(output, id) {
      if (!schema.output || output === undefined) return undefined;
      const wire = readJson(job, "JW_INVALID_OUTPUT", "output", () => vault.open("output", output, id));
      return parseValue(schema.output, job.output ? job.output.decode(wire) : wire, (issues) =>
        invalid("JW_INVALID_OUTPUT", `The stored output of ${job.name}`, issues, "output"),
      );
    },
  };
}

function createProgressCodec(job: JobDescriptor, parser: Parser, vault: Vault, invalid: Refusal): ProgressCodec {
  return {
    encode(value, id) {
      parseValue(parser, value, (issues) =>
        invalid("JW_INVALID_OUTPUT", `What the handler of ${job.name} reported`, issues, "progress"),
      );
      return vault.seal("note", stringify(job, "progress", job.progress ? job.progress.encode(value) : value), id);
    },
    decode(text, id) {
      try {
        const wire: unknown = JSON.parse(vault.open("note", text, id));
        const parsed = parser.safeParse(job.progress ? job.progress.decode(wire) : wire);
        return parsed.success ? parsed.data : undefined;
      } catch {
        // Of another build, or of another key: it is a remark on the job, and no reason to fail its reader.
        return undefined;
      }
    },
  };
}

function decode(job: JobDescriptor, wire: unknown): unknown {
  if (!job.input) return wire;
  try {
    return job.input.decode(wire);
  } catch (error) {
    throw new JobwrightError("JW_INVALID_PAYLOAD", `The stored payload of ${job.name} cannot be decoded.`, {
      cause: error,
    });
  }
}

function readJson(
  job: JobDescriptor,
  code: "JW_INVALID_PAYLOAD" | "JW_INVALID_OUTPUT",
  what: string,
  textOf: () => string,
): unknown {
  try {
    return JSON.parse(textOf());
  } catch (error) {
    if (JobwrightError.is(error)) throw error;
    // JSON.parse quotes the text.
    const options = job.encrypted || job.sensitive ? {} : { cause: error };
    throw new JobwrightError(code, `The stored ${what} of ${job.name} is not JSON.`, options);
  }
}

type Refusal = (
  code: "JW_INVALID_INPUT" | "JW_INVALID_PAYLOAD" | "JW_INVALID_OUTPUT",
  what: string,
  issues: readonly ParseIssue[],
  side: keyof Sensitive,
  /** Where the value stands on that side. */
  at?: readonly string[],
) => JobwrightError;

/** Of an encrypted job everything is sensitive. */
const everything = [""];

function refusalOf({ encrypted, sensitive }: JobDescriptor): Refusal {
  return (code, what, given, side, at) => {
    const paths = encrypted ? everything : sensitive?.[side];
    const issues = paths ? redactIssues(given, paths, at) : given;
    return misfit(code, what, issues);
  };
}

function stringify(job: JobDescriptor, what: string, wire: unknown): string {
  const text = JSON.stringify(wire) ?? "null";
  // Three bytes are the most that one UTF-16 unit takes, so short texts need no exact count.
  if (text.length * 3 > maxPayloadBytes) {
    const bytes = Buffer.byteLength(text);
    if (bytes > maxPayloadBytes) {
      throw new JobwrightError(
        "JW_PAYLOAD_TOO_LARGE",
        `The ${what} of ${job.name} takes ${bytes} bytes; the limit is ${maxPayloadBytes}.`,
        { hint: "Put large data into a file or an object store, and its address into the job." },
      );
    }
  }
  return text;
}
