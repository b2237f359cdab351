import type { Emitter } from "../emit/emitter.ts";
import { asyncApiEmitter } from "./async-api.ts";
import { jsonSchemaEmitter } from "./json-schema.ts";
import { markdownEmitter } from "./markdown.ts";

/** What `jobwright export` can print, by the name of the format. Each prints one file. */
export const exporters: Readonly<Record<string, Emitter>> = {
  "json-schema": jsonSchemaEmitter,
  asyncapi: asyncApiEmitter,
  markdown: markdownEmitter,
};
