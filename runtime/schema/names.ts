import type { Report } from "./problems.ts";

const namePattern = /^[a-z][A-Za-z0-9]*$/;
const maxNameLength = 100;

/** Names that would break the generated code, or that every object or promise already has. */
const unsafeNames = new Set(
  (
    "abstract any arguments as async await bigint boolean break case catch class const constructor continue control debugger " +
    "declare default delete do else enum eval export extends false finally for from function get if implements import " +
    "in infer instanceof interface is job keyof let module namespace never new null number object of package private " +
    "protected public readonly require return satisfies set static string super switch symbol then this throw true " +
    "try type typeof undefined unique unknown using var void while with yield " +
    "hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf prototype"
  ).split(" "),
);

export function checkNames(names: readonly string[], report: Report): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    checkName(name, report);
    const key = name.toLowerCase();
    const other = seen.get(key);
    if (other !== undefined) {
      report({
        job: name,
        path: [],
        message: `The job names ${other} and ${name} differ only in case, so their generated types are too alike.`,
        hint: "Rename one of them.",
      });
    }
    seen.set(key, name);
  }
}

function checkName(name: string, report: Report): void {
  const refuse = (reason: string): void =>
    report({
      job: name,
      path: [],
      message: `${JSON.stringify(name)} cannot be the name of a job: ${reason}.`,
      hint: 'Use a camelCase word such as "sendEmail": a small letter, then letters and digits, at most 100.',
    });
  if (unsafeNames.has(name)) return refuse("the word is taken by JavaScript, TypeScript or the generated code");
  if (name.length > maxNameLength) return refuse(`it has ${name.length} characters`);
  if (!namePattern.test(name)) refuse("only letters and digits are allowed, and a small letter comes first");
}
