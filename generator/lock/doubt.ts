import type { ContractNode } from "../model/contract.ts";

/** In what respect a reader may refuse what a writer stores. */
export type Aspect =
  /** A value of another kind. */
  | "kind"
  /** A literal that the reader does not list. */
  | "literal"
  /** An alternative that the reader does not have. */
  | "member"
  /** `null`, which the reader does not take. */
  | "null"
  /** The writer may leave the key out, the reader demands it. */
  | "absent"
  /** The writer does not know the key, the reader demands it. */
  | "missing"
  /** The writer stores a key that the reader refuses. */
  | "extra"
  /** The writer stores keys that are not declared. */
  | "others"
  /** A declared key of the reader, which the writer may have stored with any value. */
  | "open"
  /** The lengths of tuples. */
  | "length"
  | "limit"
  | "pattern"
  | "format"
  /** Code that has its say, and is not the same on both sides. */
  | "code"
  /** The writer's values are converted when they are read, the reader's are not, or otherwise. */
  | "coerce"
  /** The reader does not replace any more what does not fit. */
  | "catch"
  /** Exactly one alternative has to fit. */
  | "exclusive"
  /** Too deeply nested to tell. */
  | "depth";

/** A place where a reader refuses what a writer stores, or might. */
export interface Doubt {
  /** False: nobody can tell. */
  readonly isCertain: boolean;
  readonly aspect: Aspect;
  /** From the root on, e.g. `["files", "[]", "name"]`. */
  readonly path: readonly string[];
  readonly accept?: ContractNode;
  readonly emit?: ContractNode;
}

/** The nodes of one contract. */
export interface Shape {
  readonly node: ContractNode;
  /** What its refs name. */
  readonly types: Readonly<Record<string, ContractNode>>;
}

/** A pair of nodes on the way down. */
export interface Pair {
  readonly accept: ContractNode;
  readonly emit: ContractNode;
  readonly path: readonly string[];
}

/** What the parts of the comparison need of each other. */
export interface Comparison {
  readonly acceptTypes: Shape["types"];
  readonly emitTypes: Shape["types"];
  /** The doubts about one pair; none: everything that is emitted is accepted. */
  compare(pair: Pair): readonly Doubt[];
}

/** A doubt about a pair, certain unless `isCertain` is false. */
export function doubt({ accept, emit, path }: Pair, aspect: Aspect, isCertain = true): readonly Doubt[] {
  return [{ isCertain, aspect, path, accept, emit }];
}
