/** Why a schema cannot be carried, and the way out. Messages continue "buildReport.input.file …". */
export interface Refusal {
  readonly message: string;
  readonly hint: string;
}

const name = (type: unknown): string | undefined =>
  typeof type === "function" && type.name !== "" ? type.name : undefined;

export const refusal = {
  function: {
    message: "is a function, which cannot be stored.",
    hint: "Put data into the job that tells the handler what to do, for example a z.enum of the choices.",
  },
  symbol: { message: "is a symbol, which cannot be stored.", hint: "Use z.enum([…]) or z.literal with strings." },
  promise: {
    message: "is a promise, which cannot be stored.",
    hint: "Await it before you enqueue, and declare its result.",
  },
  file: {
    message: "is a File, which cannot be stored in a job.",
    hint: "Keep the file in an object store or on disk and put its address into the job (z.url()), or use z.instanceof(Uint8Array) for a few KB.",
  },
  void: {
    message: "is void, which is not a value.",
    hint: "For a handler that returns nothing leave `output` out; for a field that may be absent use .optional().",
  },
  undefinedRoot: {
    message: "may be undefined, but a job has to carry a value.",
    hint: "Use z.object({ … }) with optional fields, or .nullable().",
  },
  recordKey: {
    message: "has keys that JSON cannot hold.",
    hint: "Keys of a record must be strings, numbers or literals of these; for others use z.map(key, value).",
  },
  /** `inferred`: what the compiler calls the result; undefined: it could not be asked. */
  transform(inferred: string | undefined): Refusal {
    return {
      message:
        inferred === undefined
          ? "ends in a transform, whose result type is not known at run time."
          : `ends in a transform, whose result the compiler infers as ${inferred}, which cannot be printed.`,
      hint:
        "Let it return plain data, whose type is inferred; or declare the result, .transform((text): Money => …), with a Money that the file imports; " +
        'or name it, .meta({ tsType: "Money", import: "./money.ts" }). Or add .pipe(z.…()).',
    };
  },
  async: {
    message: "is checked or transformed by an async function, but jobs are parsed synchronously.",
    hint: "Do the asynchronous check before you enqueue, or in the handler.",
  },
  tooDeep: {
    message: "is nested more than 100 levels deep, or a getter makes a new schema at every call.",
    hint: "Keep the recursive schema in a constant and let the getter return that constant.",
  },
  /** `inferred`: as of a transform. */
  custom(type: unknown, inferred?: string): Refusal {
    const className = name(type);
    const custom =
      inferred === undefined || inferred === "unknown"
        ? "is a custom schema, whose type is not known at run time."
        : `is a custom schema, whose type the compiler reads as ${inferred}, which cannot be stored.`;
    return {
      message: className === undefined ? custom : `is an instance of ${className}, which JSON cannot carry.`,
      hint:
        className === undefined
          ? 'Describe it with zod\'s own kinds, or write z.custom<Money>() with a Money that the file imports, or add .meta({ tsType: "Money", import: "./money.ts" }) if its values are plain JSON.'
          : "Store plain data and rebuild the object in a z.codec(…), or use Date, Map, Set or Uint8Array.",
    };
  },
  unknownKind(kind: string): Refusal {
    return { message: `is a zod schema of the unknown kind ${kind}.`, hint: "Update jobwright, or use another kind." };
  },
} as const;
