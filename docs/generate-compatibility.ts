import { readFileSync } from "node:fs";
import { type RuleName, rules } from "../generator/lock/rules.ts";

const source = new URL("../generator/lock/rules.ts", import.meta.url);

/** The page `docs/compatibility.md`: how contracts are kept, and every rule, in the groups that the source's comments make. */
export function compatibilityPage(): string {
  const sections = readGroups(readFileSync(source, "utf8")).map(({ title, names }) => {
    const rows = names.map((name) => {
      const { severity, meaning, advice } = rules[name];
      return `| \`${name}\` | ${severity} | ${meaning} | ${advice} |`;
    });
    return [`### ${title}`, "", "| rule | at worst | change | |", "|---|---|---|---|", ...rows, ""].join("\n");
  });
  return `${[introduction, ...sections].join("\n").trimEnd()}\n`;
}

interface Group {
  readonly title: string;
  readonly names: readonly RuleName[];
}

/** The object has no groups at run time; the comments in its source are the only place that says them. */
function readGroups(text: string): readonly Group[] {
  const groups: { title: string; names: RuleName[] }[] = [];
  for (const line of text.split("\n")) {
    const title = /^ {2}\/\/ (.+)$/.exec(line)?.[1];
    if (title !== undefined) groups.push({ title, names: [] });
    const name = /^ {2}([A-Z_]+): rule\(/.exec(line)?.[1];
    if (name !== undefined && name in rules) groups.at(-1)?.names.push(name as RuleName); // checked by `in`
  }
  const found = groups.flatMap(({ names }) => names).length;
  if (found !== Object.keys(rules).length) throw new Error(`${found} rules stand under a group comment.`);
  return groups;
}

const introduction = `<!-- Made by \`npx tsx docs/generate.ts\` from generator/lock/rules.ts. Do not edit. -->

# Compatibility

Jobs outlive deploys. One that was enqueued yesterday is read by the worker of today, and during a deploy an old worker may
read what a new producer stored. \`jobs.lock.json\`, beside the schema, keeps what every version of every job stores and
accepts. Commit it. \`codegen\` compares the schema with it:

| change | what \`codegen\` does |
|---|---|
| compatible | refreshes the lock |
| behaviour: queue, retry, schedules, defaults, … | says so, refreshes the lock |
| unknown: code decides (\`refine\`, \`transform\`, custom schemas) | says so, refreshes the lock |
| breaking | \`JW_CONTRACT_BREAKING\`; nothing is written |

\`codegen --check\` fails when the lock is stale.

## When it breaks

1. **Make it compatible.** A new field is optional or has a default; a field goes in two steps: optional first.
2. **Count \`version\` up.** Workers claim what is not newer than themselves, so old workers leave the new jobs alone. The lock
   keeps the old version for as long as its block stands there, and the new worker has to read it, or
   to carry it forward: [upgrades](guide/upgrades.md).
3. **Take it upon yourself.** \`jobwright accept sendEmail --reason "never deployed"\` writes the new contract, and the reason,
   into the lock.

A change that never left your machine: restore the lock from version control, and generate again.

A job that is taken out of the schema is a breaking change, too: jobs of it may wait. When none is left, \`jobwright accept\`
moves it to \`retired\`, so that nobody uses its name for something else.

Inputs, outputs and signals of workflows are compared like those of jobs. A workflow has no versions: one that has begun keeps the
nodes that it began with, so what would break stands under another name beside the old one until that has ended.

## Both directions

Within one version, builds before and after the change read each other's values. \`old producer → new worker\` is about what is
stored already; \`new producer → old worker\` about a deploy under way, or one that is rolled back. For outputs, errors and
progress the worker stores and the client reads.

The verdict is about values, not about text: everything that one side may store has to be accepted by the other. What cannot be
decided is *unknown*, never safe. Two limits: a refinement is known by its text, not by the variables that it closes over; and
an object that is not strict is taken to store no more than its types declare.

## Compare with something else

\`\`\`sh
jobwright diff --against main                    # the lock at a git ref
jobwright diff --against old/jobs.lock.json      # a file
jobwright diff --against sqlite:jobs.db          # what is really in flight
jobwright diff --against main --format github    # or json, sarif
\`\`\`

Exit code 4: something breaks. Against a store only the versions count of which jobs are left there; it also says which old
versions can go: take their blocks out of the lock.

## Rules

"At worst": where part of it is decided by code, the finding is unknown instead of breaking.
`;
