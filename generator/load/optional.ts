import type { $ZodType, $ZodTypes } from "zod/v4/core";

/**
 * Whether zod's *types* make a key optional. The flags at run time (`_zod.optin`) are wider: a catch or a preprocess may
 * find its key missing, yet `z.input` demands it.
 */
export function isOptionalIn(schema: $ZodType): boolean {
  const { def } = (schema as $ZodTypes)._zod; // every schema of zod is one of its kinds
  switch (def.type) {
    case "optional":
    case "default":
    case "prefault":
      return true;
    case "nullable":
    case "readonly":
    case "catch":
    case "success":
      return isOptionalIn(def.innerType);
    case "union":
      return def.options.some(isOptionalIn);
    case "intersection":
      return isOptionalIn(def.left) && isOptionalIn(def.right);
    case "pipe":
      return isOptionalIn(isPreprocess(schema) ? def.out : def.in);
    case "lazy":
      return guarded(schema, isOptionalIn);
    default:
      return false;
  }
}

export function isOptionalOut(schema: $ZodType): boolean {
  const { def } = (schema as $ZodTypes)._zod; // as above
  switch (def.type) {
    case "optional":
      return true;
    case "nullable":
    case "readonly":
    case "catch":
      return isOptionalOut(def.innerType);
    case "union":
      return def.options.some(isOptionalOut);
    case "intersection":
      return isOptionalOut(def.left) && isOptionalOut(def.right);
    case "pipe":
      return isOptionalOut(def.out);
    case "lazy":
      return guarded(schema, isOptionalOut);
    default:
      return false;
  }
}

/** Made by `z.preprocess`: its key is as optional as what it leads to, other than with a transform and a pipe. */
function isPreprocess(schema: $ZodType): boolean {
  return schema._zod.traits.has("$ZodPreprocess") || schema._zod.traits.has("ZodPreprocess");
}

const entered = new Set<$ZodType>();

/** A lazy schema may lead back to itself. */
function guarded(schema: $ZodType, question: (schema: $ZodType) => boolean): boolean {
  if (entered.has(schema)) return false;
  entered.add(schema);
  try {
    return question(lazyTarget(schema));
  } finally {
    entered.delete(schema);
  }
}

/** What a lazy schema stands for; zod caches it. */
export function lazyTarget(schema: $ZodType): $ZodType {
  return (schema._zod as unknown as { readonly innerType: $ZodType }).innerType; // only called for kind "lazy"
}
