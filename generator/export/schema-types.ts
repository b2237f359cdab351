/** A JSON Schema, as an object. */
export type JsonSchema = Readonly<Record<string, unknown>>;
