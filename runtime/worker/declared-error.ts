const brand = Symbol.for("jobwright.declaredError");

/** An error that the schema declares, with its data. Made by `ctx.errors`. */
export class DeclaredError extends Error {
  readonly data: unknown;
  readonly [brand] = true;

  constructor(name: string, data: unknown, message: string) {
    super(message);
    this.name = name;
    this.data = data;
  }
}

/** Also across several copies of this package. */
export function isDeclaredError(error: unknown): error is DeclaredError {
  return typeof error === "object" && error !== null && brand in error;
}

export type ErrorMakers = Readonly<Record<string, (data: unknown, message?: string) => Error>>;

/** `ctx.errors` of a job. */
export function createErrorMakers(names: readonly string[]): ErrorMakers {
  const make =
    (name: string) =>
    (data: unknown, message = name): Error =>
      new DeclaredError(name, data, message);
  return Object.freeze(Object.fromEntries(names.map((name) => [name, make(name)])));
}
