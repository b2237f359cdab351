import {
  type Operation,
  operations,
  type Situation,
  situations,
  type Transition,
  transitions,
} from "../runtime/core/transitions.ts";

/** The page `docs/states.md`: the words are here, the table is the runtime's own. */
export function statesPage(): string {
  return [introduction, table(), "", legend].join("\n");
}

function table(): string {
  const columns = groupAlike();
  const shown = operations.filter((operation) => columns.some(([one]) => changes(one, operation)));
  const head = `| | ${columns.map((group) => group.map((one) => `\`${one}\``).join(" ")).join(" | ")} |`;
  const rule = `|---|${columns.map(() => "---|").join("")}`;
  const rows = shown.map(
    (operation) => `| ${operation} | ${columns.map(([one]) => cell(one, operation)).join(" | ")} |`,
  );
  return [head, rule, ...rows].join("\n");
}

type Column = readonly [Situation, ...Situation[]];

/** Situations in which every call does the same share a column. */
function groupAlike(): readonly Column[] {
  const columns = new Map<string, Column>();
  for (const situation of situations) {
    const key = JSON.stringify(transitions[situation]);
    columns.set(key, [...(columns.get(key) ?? []), situation] as unknown as Column); // never empty
  }
  return [...columns.values()];
}

function changes(situation: Situation, operation: Operation): boolean {
  return transitions[situation][operation].answer !== "untouched";
}

function cell(situation: Situation, operation: Operation): string {
  const transition = transitions[situation][operation];
  if (transition.answer === "untouched") return "·";
  const answer = transition.answer === "applied" || transition.answer === transition.to ? "" : transition.answer;
  const effects = effectsOf(transition);
  return [answer, effects].filter((part) => part !== "").join(" ") || "applied";
}

function effectsOf({ to, attempt, crashes, fence, lease }: Transition): string {
  return [
    to === undefined ? "" : `→ **${to}**`,
    attempt === "reset" ? "attempt 0" : change("attempt", attempt),
    change("crashes", crashes),
    change("fence", fence),
    lease === undefined ? "" : `lease ${lease}`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function change(what: string, by: 1 | -1 | undefined): string {
  return by === undefined ? "" : `${what} ${by === 1 ? "+1" : "−1"}`;
}

const introduction = `<!-- Made by \`npx tsx docs/generate.ts\` from runtime/core/transitions.ts. Do not edit. -->

# States of a job

\`\`\`mermaid
stateDiagram-v2
  [*] --> ready: enqueue
  [*] --> scheduled: enqueue, runAt later
  [*] --> blocked: enqueue, with gates
  blocked --> ready: room at the last gate
  scheduled --> blocked: promote, with gates
  blocked --> cancelled: cancel
  scheduled --> ready: promote, change
  ready --> scheduled: change, runAt later
  ready --> running: claim
  running --> succeeded: ack
  running --> scheduled: nack (retry, snooze)
  running --> ready: nack (release), reap
  running --> dead: nack (dead), reap (crash loop)
  running --> cancelled: cancel, then the attempt ends
  scheduled --> cancelled: cancel
  ready --> cancelled: cancel
  ready --> succeeded: late ack
  succeeded --> ready: requeue
  dead --> ready: requeue
  cancelled --> ready: requeue
  dead --> scheduled: requeue with a delay
  succeeded --> [*]: prune
  dead --> [*]: prune
  cancelled --> [*]: prune
\`\`\`

| state | meaning |
|---|---|
| \`scheduled\` | waits for its \`runAt\`: delayed, debounced, snoozed, or a retry (then \`attempt\` > 0) |
| \`ready\` | may be claimed now |
| \`running\` | claimed: a worker holds its lease |
| \`blocked\` | waits before a [gate](guide/limits.md): a concurrency or rate limit, its turn, its predecessor |
| \`skipped\` | for workflows, which do not exist yet; no job gets there today |
| \`succeeded\` | a handler returned and its output was accepted |
| \`dead\` | given up: \`attempts-exhausted\`, \`discarded\`, \`retry-deadline\`, \`expired\`, \`invalid-payload\` or \`crash-loop\` |
| \`cancelled\` | somebody called \`cancel\` |

\`succeeded\`, \`dead\`, \`cancelled\` and \`skipped\` are final: the job stays for its retention time and is then pruned.
A claim starts a lease, adds one to the fence and to the attempt. Two situations are finer than a state: \`cancelling\` is
\`running\` with a cancellation pending; \`lapsed\` is \`ready\` after its lease was reaped and before anybody claimed it
again, so that its former holder may still settle it.

## What every call does in every situation
`;

const legend = `\`·\`: untouched. A word before the arrow is what the caller is told. \`waiting\`: \`scheduled\` if there is a delay, else
\`ready\`. \`gone\`: deleted. \`reap-crash-loop\`: with this crash there are more than \`maxCrashes\`.

The same in every cell, and therefore not in the table:

- ack, nack and report on a missing job, or with another fence than the job's, are \`stale\` and change nothing.
- claim, promote, reap and prune leave a job alone before its time.
- A lease that expires changes nothing by itself, until somebody reaps it. \`extend\` moves expired leases too.

The table is data in \`runtime/core/transitions.ts\`; the conformance suite plays every cell on every provider.
`;
