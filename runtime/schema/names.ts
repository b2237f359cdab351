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

/** Jobs of its own kind begin with it: `jobwright.flow`. */
const ownNamespace = "jobwright";

/** `paths`: of each job the names of its namespaces, then its own. */
export function checkNames(paths: readonly (readonly string[])[], report: Report): void {
  const seen = new Map<string, string>();
  const checked = new Set<string>();
  for (const path of paths) {
    const name = path.join(".");
    path.forEach((part, index) => {
      // A namespace is told of once, with the first of its jobs.
      const place = JSON.stringify(path.slice(0, index + 1));
      if (!checked.has(place)) checkName(part, index < path.length - 1 ? "namespace" : "job", name, report);
      checked.add(place);
    });
    const key = path.join("").toLowerCase();
    const other = seen.get(key);
    if (other !== undefined) {
      const what = name.toLowerCase() === other.toLowerCase() ? "case" : "dots and case";
      report({
        job: name,
        path: [],
        message: `The job names ${other} and ${name} differ only in ${what}, so their generated types are too alike.`,
        hint: "Rename one of them.",
      });
    }
    seen.set(key, name);
  }
}

function checkName(part: string, kind: "job" | "namespace", name: string, report: Report): void {
  const refuse = (reason: string): void =>
    report({
      job: name,
      path: [],
      message: `${JSON.stringify(part)} cannot be the name of a ${kind}: ${reason}.`,
      hint: `Use a camelCase word such as "${kind === "job" ? "sendEmail" : "billing"}": a small letter, then letters and digits, at most ${maxNameLength} with all namespaces.`,
    });
  if (unsafeNames.has(part)) return refuse("the word is taken by JavaScript, TypeScript or the generated code");
  if (kind === "namespace" && part === ownNamespace) return refuse("jobwright's own jobs begin with it");
  if (kind === "job" && name.length > maxNameLength) return refuse(`${name} has ${name.length} characters`);
  if (!namePattern.test(part)) refuse("only letters and digits are allowed, and a small letter comes first");
}
