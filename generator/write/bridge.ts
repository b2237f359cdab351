/** Names of the values that a generated file exports. */
export function exportsOf(text: string): ReadonlySet<string> {
  return new Set(Array.from(text.matchAll(/^export (?:const|function) ([\w$]+)/gm), ([, name = ""]) => name));
}

/**
 * A text in place of which both the file before and the file after may be imported: what comes after, and all that is gone. What
 * both declare is as it will be. Undefined: the file is not written as generated ones are.
 */
export function bridge(before: string, after: string): string | undefined {
  const [old, now] = [statementsOf(before), statementsOf(after)];
  if (!old || !now) return undefined;
  const declared = new Set(now.flatMap(({ names }) => names));
  const gone = old.flatMap((statement) => {
    const missing = statement.names.filter((name) => !declared.has(name));
    return missing.length === 0 ? [] : [statement.only(missing)];
  });
  return [after, ...gone].join("\n");
}

interface Statement {
  readonly names: readonly string[];
  /** Its text, as far as it declares these. */
  only(names: readonly string[]): string;
}

const declaration = /^(?:export )?(?:const|function) ([\w$]+)/;
const destructuring = /^const \{([^}]*)\} = (\w+);\n$/;

/** Each begins a line, and all further lines of it are indented or close it. */
function statementsOf(text: string): readonly Statement[] | undefined {
  const code = text.replaceAll(/^(?:\/\/|\/\*).*\n/gm, "");
  const parts = code.split(/\n(?=[^\s})\]])/).map((part) => `${part.trim()}\n`);
  const statements = parts.flatMap((part): (Statement | undefined)[] => {
    if (part === "\n" || part.startsWith("import ")) return [];
    const [, list, source] = destructuring.exec(part) ?? [];
    if (list !== undefined) {
      const names = list.split(",").flatMap((name) => name.trim() || []);
      return [{ names, only: (some) => `const { ${some.join(", ")} } = ${source};\n` }];
    }
    const name = declaration.exec(part)?.[1];
    return [name === undefined ? undefined : { names: [name], only: () => part }];
  });
  return statements.every((statement) => statement !== undefined) ? statements : undefined;
}
