/**
 * What a version of a job, or a workflow, may store, and what it accepts back: the input side of its zod schemas, as plain data. Two builds
 * that share a store understand each other exactly if these descriptions fit, so this is what the lock keeps.
 *
 * Canonical: keys and literals are sorted, wrappers are dissolved, documentation and places in the file are left out.
 */
export interface JobContract {
  readonly input: ContractNode;
  /** Absent: the job has no output. */
  readonly output?: ContractNode;
  /** The data of each declared error. */
  readonly errors?: Readonly<Record<string, ContractNode>>;
  /** Absent: the progress is a number. */
  readonly progress?: ContractNode;
  /** Payloads of the signals of a workflow, by node; of those of workflows within it their own contracts tell. */
  readonly signals?: Readonly<Record<string, ContractNode>>;
  /** Recursive parts, which `ref` nodes name. */
  readonly types?: Readonly<Record<string, ContractNode>>;
}

/**
 * A set of stored values. Their form in the store: `date` ISO 8601 text in UTC, `bigint` decimal text, `bytes` base64 text,
 * `nan` and infinities their names as text, `map` a list of pairs, `set` a list; everything else is JSON as it is.
 */
export type ContractNode = ContractKind & Remarks;

export type ContractKind =
  | { readonly kind: "any" | "unknown" | "never" | "null" | "undefined" | "boolean" | "nan" }
  | ({ readonly kind: "string" } & StringLimits)
  | ({ readonly kind: "number" } & NumberLimits)
  /** Limits are decimal text. */
  | ({ readonly kind: "bigint"; readonly multipleOf?: readonly string[] } & Range<string>)
  /** Limits are ISO 8601 text. */
  | ({ readonly kind: "date" } & Range<string>)
  | { readonly kind: "bytes" }
  /** Literals and enums. */
  | { readonly kind: "literal"; readonly values: readonly ContractValue[] }
  /** Text that fits a template; `pattern` as in `patterns` of a string. */
  | { readonly kind: "template"; readonly pattern: string }
  | ObjectNode
  | ({ readonly kind: "array" | "set"; readonly item: ContractNode } & Size)
  | ({ readonly kind: "map"; readonly key: ContractNode; readonly value: ContractNode } & Size)
  | RecordNode
  | ({ readonly kind: "tuple"; readonly items: readonly Member[]; readonly rest?: ContractNode } & Size)
  | UnionNode
  | { readonly kind: "intersection"; readonly left: ContractNode; readonly right: ContractNode }
  /** A name in `types`. */
  | { readonly kind: "ref"; readonly name: string }
  /** A custom schema: nothing is known of it but `hash`, of its code, and the name of its type. */
  | { readonly kind: "opaque"; readonly type?: string; readonly hash: string };

export interface ObjectNode {
  readonly kind: "object";
  /** By key. */
  readonly properties: Readonly<Record<string, Member>>;
  /** What becomes of other keys: dropped, refused, kept as they are, or kept if they fit the node. */
  readonly others: "strip" | "strict" | "loose" | ContractNode;
}

export interface RecordNode {
  readonly kind: "record";
  readonly key: ContractNode;
  readonly value: ContractNode;
  /** Keys that are listed may be absent. */
  readonly partial?: true;
  /** Keys that do not fit are kept as they are, instead of refused. */
  readonly loose?: true;
}

export interface UnionNode {
  readonly kind: "union";
  /** The first that fits is taken. */
  readonly members: readonly ContractNode[];
  /** The key that tells the members apart. */
  readonly discriminator?: string;
  /** Exactly one member has to fit. */
  readonly exclusive?: true;
}

/** A property of an object, or an item of a tuple. */
export interface Member {
  readonly type: ContractNode;
  /** It may be absent; `exact`: though not `undefined`, which is the same once it is stored. */
  readonly optional?: true | "exact";
}

/** What else there is to a set of values, whatever its kind. */
export interface Remarks {
  /** The reader takes this for what is absent. It is not parsed. */
  readonly default?: ReaderValue;
  /** The reader parses this instead of what is absent. */
  readonly prefault?: ReaderValue;
  /** The reader replaces what does not fit. */
  readonly catch?: true;
  /** The reader converts values of other kinds. */
  readonly coerce?: true;
  /** Code that has its say in what fits. */
  readonly opaque?: readonly OpaqueCode[];
}

export interface OpaqueCode {
  readonly kind: "refine" | "transform" | "codec" | "pipe" | "overwrite" | "check";
  /** Of the code's text, without white space. */
  readonly hash: string;
}

export type ReaderValue = { readonly value: ContractValue } | { readonly dynamic: true };

/** A value, with a tag where JSON has none like it. */
export type ContractValue =
  | null
  | boolean
  | number
  | string
  | readonly ContractValue[]
  | { readonly bigint: string }
  | { readonly number: string }
  | { readonly undefined: true }
  | { readonly date: string }
  | { readonly bytes: string }
  | { readonly set: readonly ContractValue[] }
  | { readonly map: readonly ContractValue[] }
  | { readonly object: Readonly<Record<string, ContractValue>> }
  | { readonly class: string };

export interface Range<Limit> {
  /** Inclusive. */
  readonly min?: Limit;
  readonly max?: Limit;
  /** Exclusive. */
  readonly above?: Limit;
  readonly below?: Limit;
}

export interface NumberLimits extends Range<number> {
  /** Safe integers only. */
  readonly int?: true;
  readonly multipleOf?: readonly number[];
}

export interface StringLimits {
  /** In code points. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly formats?: readonly StringFormat[];
  /** Regular expressions as they are written in code, slashes included. */
  readonly patterns?: readonly string[];
}

export interface StringFormat {
  /** As zod calls it, e.g. `email`. */
  readonly name: string;
  /** What the schema says beyond the name, e.g. `{ "precision": 3 }`. */
  readonly options?: Readonly<Record<string, ContractValue>>;
}

export interface Size {
  readonly minItems?: number;
  readonly maxItems?: number;
}
