import type { Emitter } from "../emit/emitter.ts";
import type { Model } from "../model/model.ts";
import { schemasOf } from "./schemas.ts";
import { jsonText } from "./json-text.ts";

/** `jobs.schema.json`: a JSON Schema (draft 2020-12) for what each job stores, under `$defs`, e.g. `sendEmail.input`. */
export const jsonSchemaEmitter: Emitter = {
  name: "json-schema",
  emit: (model) => [{ name: "jobs.schema.json", text: jsonText(jsonSchemaOf(model)) }],
};

function jsonSchemaOf(model: Model): object {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $comment: "Made by jobwright. Dates, bigints, bytes, maps and sets are described as they are stored.",
    $defs: schemasOf(model, "#/$defs", "2020-12"),
  };
}
