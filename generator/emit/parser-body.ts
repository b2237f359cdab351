import type { LiteralValue } from "../../runtime/schema/literal.ts";
import type { FieldPlan, ParsePlan, SchemaPath, SizeCheck } from "../../runtime/schema/parse-plan.ts";
import { acceptsUndefined } from "../../runtime/schema/parse-plan.ts";
import type { Layout } from "./layout.ts";
import { writeChecks, writeSizeChecks, writeUrl } from "./parser-checks.ts";
import type { ParserWriter } from "./parser-writer.ts";
import { valueKey } from "./text.ts";

/** Writes what parses the variable `value`; gives the variable that holds the result. */
export function writeValue(writer: ParserWriter, plan: ParsePlan, value: string): string {
  switch (plan.kind) {
    case "any":
      return value;
    case "boolean":
      writer.refuseIf(`typeof ${value} !== "boolean"`);
      return value;
    case "bytes":
      writer.refuseIf(`!${writer.call("isBytes", value)}`);
      return value;
    case "nan":
      writer.refuseIf(`!Number.isNaN(${value})`);
      return value;
    case "string":
    case "number":
    case "bigint":
    case "date":
      writeChecks(writer, plan, value);
      return value;
    case "url":
      return writeUrl(writer, plan, value);
    case "literal":
      writer.refuseIf(isNoneOf(writer, plan.values, value));
      return value;
    case "object":
      return writeObject(writer, plan, value);
    case "array":
    case "set":
    case "map":
      return writeCollection(writer, plan, value);
    case "tuple":
      return writeTuple(writer, plan, value);
    case "record":
      return writeRecord(writer, plan.value, value);
    case "optional":
      return writeUnless(writer, plan.inner, value, "undefined");
    case "nullable":
      return writeUnless(writer, plan.inner, value, "null");
    case "readonly":
      return keep(writer, "frozen", writer.call("freeze", writeValue(writer, plan.inner, value)));
    case "default":
      return writeDefault(writer, plan.inner, value, `${liveConstant(writer, "defaultOf", plan.at)}()`);
    case "prefault": {
      const filling = liveConstant(writer, "defaultOf", plan.at);
      return writeValue(writer, plan.inner, keep(writer, "filled", `${value} === undefined ? ${filling}() : ${value}`));
    }
    case "union":
      return writeUnion(writer, plan.options, value);
    case "switch":
      return writeSwitch(writer, plan, value);
    case "live":
      return writeCall(writer, liveConstant(writer, "live", plan.at), value);
    default:
      return plan satisfies never;
  }
}

type PlanOf<Kind extends ParsePlan["kind"]> = Extract<ParsePlan, { readonly kind: Kind }>;

/** Whether the result is the value itself. */
function isKept(plan: ParsePlan): boolean {
  switch (plan.kind) {
    case "optional":
    case "nullable":
      return isKept(plan.inner);
    case "any":
    case "boolean":
    case "bytes":
    case "nan":
    case "string":
    case "number":
    case "bigint":
    case "date":
    case "literal":
      return true;
    default:
      return false;
  }
}

function keep(writer: ParserWriter, hint: string, expression: string): string {
  const name = writer.name(hint);
  writer.line(`const ${name} = ${expression};`);
  return name;
}

function writeCall(writer: ParserWriter, parser: string, value: string): string {
  const result = keep(writer, "result", `${parser}(${value})`);
  writer.refuseIf(`${result} === invalid`);
  return result;
}

function liveConstant(writer: ParserWriter, what: "live" | "defaultOf", path: SchemaPath): string {
  const steps = path.map((step): Layout => ({
    open: "[",
    items: step.map((part) => JSON.stringify(part)),
    close: "]",
  }));
  const list: Layout = { open: "[", items: steps, close: "]" };
  return writer.constant(what, { open: `${writer.helper(what)}(`, items: ["schema", list], close: ")", hug: true });
}

function isNoneOf(writer: ParserWriter, values: readonly LiteralValue[], value: string): string {
  const comparison = values.map(({ text }) => `${value} !== ${text}`).join(" && ");
  // A few comparisons are faster than a look into a set, and fit on a line.
  if (values.length === 1 || comparison.length <= 70) return comparison;
  const items = values.map(({ text }) => text);
  return `!${setConstant(writer, "values", items)}.has(${value})`;
}

function writeUnless(writer: ParserWriter, inner: ParsePlan, value: string, exception: "undefined" | "null"): string {
  if (inner.kind === "any") return value;
  if (isKept(inner)) {
    writer.block(`if (${value} !== ${exception}) {`, () => void writeValue(writer, inner, value));
    return value;
  }
  const result = writer.name("result");
  writer.line(`let ${result}: unknown = ${exception};`);
  writer.block(`if (${value} !== ${exception}) {`, () => {
    writer.line(`${result} = ${writeValue(writer, inner, value)};`);
  });
  return result;
}

function writeDefault(writer: ParserWriter, inner: ParsePlan, value: string, filling: string): string {
  const result = writer.name("filled");
  writer.line(`let ${result}: unknown;`);
  writer.block(
    `if (${value} === undefined) {`,
    () => writer.line(`${result} = ${filling};`),
    () => writer.line(`${result} = ${writeValue(writer, inner, value)};`),
  );
  return result;
}

/** Up to the first key that may be absent it is a literal, which is the fastest object there is. */
function writeObject(writer: ParserWriter, { fields, rest }: PlanOf<"object">, value: string): string {
  writer.refuseIf(`!${writer.call("isObject", value)}`);
  const known = rest === "strip" ? "" : knownKeys(writer, fields);
  if (rest === "refuse") writer.refuseIf(writer.call("hasOtherKeys", value, known));
  const later = fields.findIndex(isConditional);
  const first = later === -1 ? fields : fields.slice(0, later);
  const items = first.map((field) => `${valueKey(field.key)}: ${writeField(writer, field, value)}`);
  const draft = writer.name("object");
  writer.statement(`const ${draft}: parse.Draft = `, { open: "{", items, close: "}", spaced: true });
  for (const field of fields.slice(first.length)) writeLaterField(writer, field, value, draft);
  if (rest === "keep") writer.line(`${writer.call("copyOtherKeys", value, known, draft)};`);
  return draft;
}

function knownKeys(writer: ParserWriter, fields: readonly FieldPlan[]): string {
  const items = fields.map(({ key }) => JSON.stringify(key));
  return setConstant(writer, "keys", items);
}

function setConstant(writer: ParserWriter, hint: string, items: readonly string[]): string {
  return writer.constant(hint, { open: `${writer.helper("setOf")}([`, items, close: "])" });
}

function isConditional({ presence }: FieldPlan): boolean {
  return presence === "optional" || presence === "given";
}

function writeField(writer: ParserWriter, { key, presence, plan }: FieldPlan, object: string): string {
  const text = JSON.stringify(key);
  const field = keep(writer, key, `${object}[${text}]`);
  if (presence === "required" && acceptsUndefined(plan)) writer.refuseIf(`!${writer.call("has", object, text)}`);
  return writeValue(writer, plan, field);
}

function writeLaterField(writer: ParserWriter, field: FieldPlan, object: string, draft: string): void {
  const text = JSON.stringify(field.key);
  const assign = (): void => writer.line(`${draft}[${text}] = ${writeField(writer, field, object)};`);
  if (field.presence === "optional") writer.block(`if (${writer.call("has", object, text)}) {`, assign);
  else if (field.presence === "given") {
    const result = writeField(writer, field, object);
    writer.line(`if (${result} !== undefined || ${writer.call("has", object, text)}) ${draft}[${text}] = ${result};`);
  } else assign();
}

function writeCollection(writer: ParserWriter, plan: PlanOf<"array" | "set"> | PlanOf<"map">, value: string): string {
  const { test, size, make } = collections[plan.kind];
  writer.refuseIf(`!${writer.call(test, value)}`);
  // A set may end up smaller than it was: zod refuses the larger before, the smaller after.
  writeSizeChecks(writer, plan.checks.filter(isUpperLimit), `${value}.${size}`);
  const isList = plan.kind === "array";
  const result = keep(writer, isList ? "list" : plan.kind, writer.call(make, ...(isList ? [`${value}.length`] : [])));
  if (plan.kind === "map") {
    const [key, entry] = [writer.name("key"), writer.name("value")];
    writer.block(`for (const [${key}, ${entry}] of ${value}) {`, () => {
      const newKey = writeValue(writer, plan.key, key);
      writer.line(`${result}.set(${newKey}, ${writeValue(writer, plan.value, entry)});`);
    });
  } else if (plan.kind === "set") {
    const item = writer.name("item");
    writer.block(`for (const ${item} of ${value}) {`, () => {
      writer.line(`${result}.add(${writeValue(writer, plan.item, item)});`);
    });
  } else writeItems(writer, plan.item, value, 0, result);
  writeSizeChecks(
    writer,
    plan.checks.filter((check) => !isUpperLimit(check)),
    `${result}.${size}`,
  );
  return result;
}

const collections = {
  array: { test: "isList", size: "length", make: "newList" },
  set: { test: "isSet", size: "size", make: "newSet" },
  map: { test: "isMap", size: "size", make: "newMap" },
} as const;

function isUpperLimit({ check }: SizeCheck): boolean {
  return check === "atMost";
}

function writeItems(writer: ParserWriter, plan: ParsePlan, list: string, from: number, result: string): void {
  const index = writer.name("index");
  writer.block(`for (let ${index} = ${from}; ${index} < ${list}.length; ${index}++) {`, () => {
    const item = keep(writer, "item", `${list}[${index}]`);
    writer.line(`${result}[${index}] = ${writeValue(writer, plan, item)};`);
  });
}

function writeTuple(writer: ParserWriter, { items, rest }: PlanOf<"tuple">, value: string): string {
  writer.refuseIf(`!${writer.call("isList", value)}`);
  writer.refuseIf(`${value}.length ${rest ? "<" : "!=="} ${items.length}`);
  const results = items.map((item, index) => writeValue(writer, item, keep(writer, "item", `${value}[${index}]`)));
  const result = writer.name("tuple");
  writer.statement(`const ${result}: unknown[] = `, { open: "[", items: results, close: "]" });
  if (rest) writeItems(writer, rest, value, items.length, result);
  return result;
}

function writeRecord(writer: ParserWriter, plan: ParsePlan, value: string): string {
  writer.refuseIf(`!${writer.call("isRecord", value)}`);
  const [draft, key] = [writer.name("record"), writer.name("key")];
  writer.line(`const ${draft}: parse.Draft = {};`);
  writer.block(`for (const ${key} of Object.keys(${value})) {`, () => {
    writer.line(`if (${key} === "__proto__") continue;`);
    const entry = keep(writer, "value", `${value}[${key}]`);
    writer.line(`${draft}[${key}] = ${writeValue(writer, plan, entry)};`);
  });
  return draft;
}

function writeUnion(writer: ParserWriter, options: readonly ParsePlan[], value: string): string {
  const [first = "", ...others] = options.map((option) =>
    writer.branch((candidate) => writeValue(writer, option, candidate)),
  );
  const result = writer.name("result");
  writer.line(`${others.length === 0 ? "const" : "let"} ${result} = ${first}(${value});`);
  for (const option of others) writer.line(`if (${result} === invalid) ${result} = ${option}(${value});`);
  writer.refuseIf(`${result} === invalid`);
  return result;
}

function writeSwitch(writer: ParserWriter, { key, cases }: PlanOf<"switch">, value: string): string {
  writer.refuseIf(`!${writer.call("isObject", value)}`);
  const result = writer.name("result");
  writer.line(`let ${result}: unknown;`);
  writer.block(`switch (${value}[${JSON.stringify(key)}]) {`, () => {
    for (const { values, plan } of cases) {
      for (const { text } of values.slice(0, -1)) writer.line(`case ${text}:`);
      writer.block(`case ${values.at(-1)?.text ?? ""}: {`, () => {
        writer.line(`${result} = ${writeValue(writer, plan, value)};`);
        writer.line("break;");
      });
    }
    writer.block("default: {", () => writer.line("return invalid;"));
  });
  return result;
}
