import type { ParsePlan, Pattern, RangeCheck, SizeCheck, TextCheck } from "../../runtime/schema/parse-plan.ts";
import { type Layout, prefixed } from "./layout.ts";
import type { ParserWriter } from "./parser-writer.ts";

type ScalarPlan = Extract<ParsePlan, { readonly kind: "string" | "number" | "bigint" | "date" }>;

/** Writes what refuses a scalar. */
export function writeChecks(writer: ParserWriter, plan: ScalarPlan, value: string): void {
  writer.refuseIf(isOtherKind(writer, plan.kind, value));
  if (plan.kind === "string") {
    for (const check of plan.checks) writer.refuseIf(failsText(writer, check, value));
  } else {
    const number = plan.kind === "date" ? `${value}.getTime()` : value;
    for (const check of plan.checks) writer.refuseIf(failsRange(check, number));
  }
}

/** `size`: the expression for it. */
export function writeSizeChecks(writer: ParserWriter, checks: readonly SizeCheck[], size: string): void {
  for (const { check, size: limit } of checks) writer.refuseIf(`${size} ${check === "atMost" ? ">" : "<"} ${limit}`);
}

/** Gives the variable that holds the text of the URL. */
export function writeUrl(
  writer: ParserWriter,
  { form, checks }: Extract<ParsePlan, { readonly kind: "url" }>,
  value: string,
): string {
  const text = writer.name("url");
  const items = [
    ...(form.hostname ? [prefixed("hostname: ", regExp(form.hostname))] : []),
    ...(form.protocol ? [prefixed("protocol: ", regExp(form.protocol))] : []),
    ...(form.normalize ? ["normalize: true"] : []),
  ];
  const constant = (): string => writer.constant("form", { open: "{", items, close: "}", spaced: true });
  writer.line(`const ${text} = ${writer.call("urlOf", value, ...(items.length === 0 ? [] : [constant()]))};`);
  writer.refuseIf(`${text} === invalid`);
  for (const check of checks) writer.refuseIf(failsText(writer, check, text));
  return text;
}

/** Not a literal: the compiler would hold its flags against the target, and no text can end it. */
function regExp({ source, flags }: Pattern): Layout {
  const items = [source, ...(flags === "" ? [] : [flags])].map((text) => JSON.stringify(text));
  return { open: "new RegExp(", items, close: ")" };
}

function isOtherKind(writer: ParserWriter, kind: ScalarPlan["kind"], value: string): string {
  if (kind === "date") return `!${writer.call("isDate", value)}`;
  const isOther = `typeof ${value} !== "${kind}"`;
  return kind === "number" ? `${isOther} || !Number.isFinite(${value})` : isOther;
}

const comparisons = { above: "<=", from: "<", below: ">=", upTo: ">" } as const;

function failsRange(check: RangeCheck, number: string): string {
  if (check.check === "integer") return `!Number.isSafeInteger(${number})`;
  return `${number} ${comparisons[check.check]} ${check.bound}`;
}

function failsText(writer: ParserWriter, check: TextCheck, value: string): string {
  switch (check.check) {
    case "atLeast":
      return writer.call("isShorter", value, String(check.size));
    case "atMost":
      return writer.call("isLonger", value, String(check.size));
    case "pattern":
      return `!${writer.constant("pattern", regExp(check))}.test(${value})`;
    case "includes": {
      const from = check.from === undefined ? "" : `, ${check.from}`;
      return `!${value}.includes(${JSON.stringify(check.text)}${from})`;
    }
    case "startsWith":
    case "endsWith":
      return `!${value}.${check.check}(${JSON.stringify(check.text)})`;
    default:
      return check satisfies never;
  }
}
