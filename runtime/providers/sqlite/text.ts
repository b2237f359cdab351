import { JobwrightError } from "../../contract/index.ts";

/** UTF-8 has no lone surrogates; SQLite would replace them silently. JSON text made by `JSON.stringify` never has any. */
export function storable(text: string): string {
  if (text.isWellFormed()) return text;
  throw new JobwrightError("JW_INVALID_INPUT", "A text has a lone surrogate, which UTF-8 cannot hold.", {
    hint: "Encode the text as JSON, which escapes it.",
  });
}
