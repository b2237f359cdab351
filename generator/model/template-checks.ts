import { type Expression, isReference } from "../../runtime/core/flow/expression.ts";
import { expressionIn, type Template } from "../../runtime/core/flow/template.ts";
import { literalOf } from "../../runtime/schema/literal.ts";
import { nearest } from "../../runtime/schema/suggest.ts";
import { createFit } from "./fit.ts";
import { type FlowModel, givenBy, type PlainWorkflow, referenceText, typeAt } from "./flow-types.ts";
import { alternativesOf } from "./key-paths.ts";
import type { Problem, Property, TypeNode } from "./model.ts";
import { pathText } from "./path-text.ts";
import { typeText } from "./type-text.ts";

/** Checks templates of one node against the types that are wanted there. */
export interface TemplateChecks {
  check(template: Template, target: TypeNode, path: readonly string[]): void;
  /** What a template will be; undefined: that was refused. */
  typeOf(template: Template, path: readonly string[]): TypeNode | undefined;
  refuse(path: readonly string[], message: string, hint: string): void;
}

interface Surroundings {
  readonly workflow: PlainWorkflow;
  readonly model: FlowModel;
  readonly types: ReadonlyMap<string, TypeNode>;
  /** Of what a map goes through. */
  readonly item: TypeNode;
  readonly problems: Problem[];
}

export function createTemplateChecks({ workflow, model, types, item, problems }: Surroundings): TemplateChecks {
  const fit = createFit(types);

  function refuse(path: readonly string[], message: string, hint: string): void {
    const where = pathText(workflow.name, path);
    problems.push({ code: "JW_SCHEMA_INVALID", job: workflow.name, path, message: `${where} ${message}`, hint });
  }

  function typeOfReference(
    expression: Exclude<Expression, { readonly operands: unknown }>,
    path: readonly string[],
  ): TypeNode | undefined {
    const root = rootOf(expression);
    if (!root) return undefined;
    const found = typeAt(root, expression.path, types);
    if ("type" in found) return found.type;
    const owner = referenceText(expression, found.passed);
    refuse(
      path,
      `takes ${referenceText(expression)}, but ${owner} has no ${JSON.stringify(found.missing)}.`,
      found.hint,
    );
    return undefined;
  }

  /** Undefined: no such node, which was reported before. */
  function rootOf(expression: Exclude<Expression, { readonly operands: unknown }>): TypeNode | undefined {
    if (expression.of === "input") return workflow.input.out;
    if (!("node" in expression)) return item;
    const part = workflow.parts.find(({ name, kind }) => name === expression.node && kind !== "result");
    return part && givenBy(part, expression.of, workflow, model);
  }

  function typeOf(template: Template, path: readonly string[]): TypeNode | undefined {
    const expression = expressionIn(template);
    if (expression && isReference(expression)) return typeOfReference(expression, path);
    if (expression) return typeOfOperation(expression, path);
    if (Array.isArray(template)) {
      const items = template.map((entry: Template, index) => typeOf(entry, [...path, `[${index}]`]) ?? anything);
      return { kind: "tuple", items: items.map((type) => ({ optional: false, type })) };
    }
    if (typeof template !== "object" || template === null) return literalNode(template);
    const object = template as Readonly<Record<string, Template>>; // no array, no primitive
    if (Object.hasOwn(object, "$")) return taggedNode(object);
    return { kind: "object", properties: propertiesOf(object, path) };
  }

  function propertiesOf(object: Readonly<Record<string, Template>>, path: readonly string[]): readonly Property[] {
    return Object.entries(object).map(([key, value]) => {
      return { key, optional: false, type: typeOf(value, [...path, key]) ?? anything, docs: {} };
    });
  }

  function typeOfOperation(
    { of, operands }: Extract<Expression, { readonly operands: unknown }>,
    path: readonly string[],
  ): TypeNode {
    const given = (operands as readonly Template[]).map((operand) => typeOf(operand, path) ?? anything); // by readExpression
    const isJoin = of === "and" || of === "or" || of === "not";
    const strange = isJoin ? given.find((type) => fit(type, { kind: "boolean" }).verdict === "no") : undefined;
    if (strange)
      refuse(
        path,
        `joins ${typeText(strange)} with \`${of}\`, which takes booleans.`,
        "Compare it first, e.g. with `eq`.",
      );
    if (!isJoin && of !== "eq" && of !== "ne") checkOrder(given, of, path);
    return { kind: "boolean" };
  }

  /** Numbers, bigints and dates among each other, texts among each other. */
  function checkOrder(given: readonly TypeNode[], of: string, path: readonly string[]): void {
    const orders: readonly (readonly TypeNode[])[] = [
      [{ kind: "number", special: true }, { kind: "bigint" }, { kind: "date", coerce: false }],
      [{ kind: "string" }],
    ];
    const fits = orders.some((members) =>
      given.every((type) => fit(type, { kind: "union", members }).verdict !== "no"),
    );
    if (!fits)
      refuse(
        path,
        `compares ${given.map(typeText).join(" with ")} by \`${of}\`, which have no order.`,
        "Compare numbers, bigints, dates or texts with their like.",
      );
  }

  function check(template: Template, target: TypeNode, path: readonly string[]): void {
    const isLiteral = typeof template === "object" && template !== null && !Object.hasOwn(template, "$");
    const candidates = isLiteral
      ? alternativesOf(target, types).filter((type) => isContainer(type, Array.isArray(template)))
      : [];
    const [only, ...others] = candidates;
    if (only && others.length === 0) return checkParts(template, only, path);
    const given = typeOf(template, path);
    if (!given) return;
    const found = fit(given, target);
    if (found.verdict === "no") refuseMisfit(template, found, path);
  }

  function checkParts(template: Template, target: TypeNode, path: readonly string[]): void {
    if (Array.isArray(template)) {
      if (target.kind === "array") {
        for (const [index, entry] of template.entries()) check(entry as Template, target.item, [...path, `[${index}]`]);
        return;
      }
    } else if (target.kind === "object") {
      return checkObject(template as Readonly<Record<string, Template>>, target, path); // a literal that is no array
    }
    const given = typeOf(template, path);
    const found = given ? fit(given, target) : undefined;
    if (found?.verdict === "no") refuseMisfit(template, found, path);
  }

  function checkObject(
    template: Readonly<Record<string, Template>>,
    { properties, rest }: Extract<TypeNode, { readonly kind: "object" }>,
    path: readonly string[],
  ): void {
    const names = properties.map(({ key }) => key);
    for (const { key, optional, type } of properties) {
      const value = Object.hasOwn(template, key) ? template[key] : undefined;
      if (value !== undefined) check(value, type, [...path, key]);
      else if (!optional)
        refuse(
          path,
          `lacks ${JSON.stringify(key)}, which is ${typeText(type)}.`,
          "Give a value, or a reference to one.",
        );
    }
    for (const [key, value] of Object.entries(template)) {
      if (names.includes(key)) continue;
      if (rest) check(value, rest, [...path, key]);
      else refuseField(key, names, path);
    }
  }

  function refuseField(key: string, names: readonly string[], path: readonly string[]): void {
    const meant = nearest(key, names);
    refuse(
      [...path, key],
      "is no field of what is wanted there.",
      meant === undefined ? `There are ${names.join(", ")}.` : `Did you mean ${meant}?`,
    );
  }

  function refuseMisfit(template: Template, { path: inner, source, target }: Misfit, path: readonly string[]): void {
    const expression = expressionIn(template);
    const inside = inner.join(".").replaceAll(".[", "[");
    const value = expression && isReference(expression) ? `takes ${referenceText(expression)}, ` : "";
    const which = value === "" ? "" : "which ";
    const subject = inside === "" ? which : value === "" ? `has a value whose ${inside} ` : `whose ${inside} `;
    const is = source ? `is ${typeText(source)}` : "may be missing";
    refuse(
      path,
      `${value}${subject}${is}, but ${typeText(target)} is wanted.`,
      "Take another value, or change one of the two schemas.",
    );
  }

  return { check, typeOf, refuse };
}

type Misfit = Extract<ReturnType<ReturnType<typeof createFit>>, { readonly verdict: "no" }>;

const anything: TypeNode = { kind: "any" };

function isContainer({ kind }: TypeNode, isList: boolean): boolean {
  return isList ? kind === "array" || kind === "tuple" : kind === "object" || kind === "record";
}

function literalNode(value: unknown): TypeNode {
  const literal = literalOf(value);
  return literal ? { kind: "literal", values: [literal] } : anything;
}

/** Values that JSON cannot say; what is in a map or a set is not looked at. */
function taggedNode({ $: kind }: Readonly<Record<string, Template>>): TypeNode {
  switch (kind) {
    case "number":
      return { kind: "number", special: true };
    case "bigint":
    case "undefined":
    case "bytes":
      return { kind };
    case "date":
      return { kind, coerce: false };
    case "map":
      return { kind, key: anything, value: anything };
    case "set":
      return { kind, item: anything };
    default:
      return anything;
  }
}
