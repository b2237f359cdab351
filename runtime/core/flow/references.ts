/** Typed references: what stands in the input of a node for a value that another node will give. */

declare const refersTo: unique symbol;

/** Something that will be a `T` when the node runs. */
export interface Reference<out T> {
  readonly [refersTo]: T;
}

/** What a reference does not look into. */
type Leaf =
  | string
  | number
  | bigint
  | boolean
  | symbol
  | null
  | undefined
  | Date
  | Uint8Array
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | readonly unknown[];

type Present<T> = Exclude<T, undefined | null>;

/** Of a value that may be missing every property may be missing. */
type Missing<T> = [Extract<T, undefined | null>] extends [never] ? never : undefined;

/** A reference whose properties are references: `page.output.links` is one to what will be there. */
export type Ref<T> = Reference<T> &
  ([Present<T>] extends [Leaf] ? unknown : { readonly [Key in keyof Present<T>]-?: Ref<Present<T>[Key] | Missing<T>> });

/** What can be given where a `T` is wanted: the value, a reference to one, or an object or a list with references in it. */
export type Templated<T> =
  | T
  | Reference<T>
  | (T extends readonly unknown[]
      ? TemplatedList<T[number]> & TemplatedPlaces<T>
      : T extends Leaf
        ? never
        : { readonly [Key in keyof T]: Templated<T[Key]> });

/* Of a list an interface, and of the places of a tuple an object: the compiler looks into these when it needs to, and into a
   list at once, which for a type that contains itself, such as JSON, would never end. */

interface TemplatedList<Item> extends ReadonlyArray<Templated<Item>> {}

type TemplatedPlaces<List extends readonly unknown[]> = {
  readonly [
    Place in keyof List as Place extends Exclude<keyof unknown[], "length"> ? never : Place
  ]: Place extends "length" ? List[Place] : Templated<List[Place]>;
};

/** What something with references in it will be. */
export type Resolved<T> =
  T extends Reference<infer Value>
    ? Value
    : T extends Exclude<Leaf, readonly unknown[]>
      ? T
      : { [Key in keyof T]: Resolved<T[Key]> };
