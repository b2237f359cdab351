import type * as parse from "../../runtime/codegen/parse.ts";
import { type Layout, render } from "./layout.ts";

/** What emitted parsers may call. */
export type Helper = Exclude<keyof typeof parse, "invalid">;

/** Lines of a function body, with names that no other line uses. */
export interface ParserWriter {
  line(text: string): void;
  /** A statement that ends in a list, broken where it is too long. */
  statement(before: string, layout: Layout): void;
  block(open: string, body: () => void, otherwise?: () => void): void;
  refuseIf(condition: string): void;
  /** The name of a function of `runtime/codegen/parse.ts`. */
  helper(name: Helper): string;
  call(helper: Helper, ...values: readonly string[]): string;
  /** A name for a variable, which may tell what it holds. */
  name(hint: string): string;
  /** A constant that is made once and not for every value. The same value is made once. */
  constant(hint: string, value: Layout): string;
  /** A function from a value to its result, made once. */
  branch(body: (value: string) => string): string;
}

export interface WrittenParser {
  readonly helpers: readonly Helper[];
  readonly constants: readonly string[];
  readonly body: readonly string[];
}

/** `indent`: of the body. Constants stand one level before it. */
export function writeParser(indent: string, write: (writer: ParserWriter) => void): WrittenParser {
  const outer = indent.slice(2);
  const constants: string[] = [];
  const known = new Map<string, string>();
  const helpers = new Set<Helper>();
  let body: string[] = [];
  let depth = indent;
  let count = 0;

  const writer: ParserWriter = {
    line: (text) => void body.push(depth + text),
    statement(before, layout) {
      body.push(`${depth}${before}${render(layout, depth, depth.length + before.length, 1)};`);
    },
    block(open, inside, otherwise) {
      writer.line(open);
      indented(`${depth}  `, inside);
      if (otherwise) {
        writer.line("} else {");
        indented(`${depth}  `, otherwise);
      }
      writer.line("}");
    },
    refuseIf: (condition) => writer.line(`if (${condition}) return invalid;`),
    helper(name) {
      helpers.add(name);
      return name;
    },
    call: (helper, ...values) => `${writer.helper(helper)}(${values.join(", ")})`,
    name: (hint) => `${/^[a-z]\w*$/i.test(hint) ? hint : "value"}${++count}`,
    constant(hint, value) {
      const key = render(value, "", 0, 0);
      const existing = known.get(key);
      if (existing !== undefined) return existing;
      const name = writer.name(hint);
      const start = `${outer}const ${name} = `;
      constants.push(`${start}${render(value, outer, start.length, 1)};`);
      known.set(key, name);
      return name;
    },
    branch(inside) {
      const [name, value] = [writer.name("option"), writer.name("value")];
      const before = body;
      body = [];
      indented(indent, () => writer.line(`return ${inside(value)};`));
      constants.push(`${outer}const ${name} = (${value}: unknown): unknown => {`, ...body, `${outer}};`);
      body = before;
      return name;
    },
  };

  function indented(level: string, inside: () => void): void {
    const before = depth;
    depth = level;
    inside();
    depth = before;
  }

  write(writer);
  return { helpers: [...helpers], constants, body };
}
