import { z } from "zod";
import type { Capabilities, Provider } from "../runtime/contract/index.ts";
import { countFreshMs } from "../runtime/client/back-pressure.ts";
import { readEventSettings } from "../runtime/client/events/settings.ts";
import { maxPayloadBytes } from "../runtime/core/job-codec.ts";
import { maxMetadataBytes, maxPriority, maxTagLength, maxTags, minPriority } from "../runtime/core/new-job.ts";
import { defaultPage, maxPage } from "../runtime/core/paging.ts";
import { maxCatchUp } from "../runtime/core/schedule.ts";
import { maxReadableKey } from "../runtime/core/unique-key.ts";
import { keptClaims } from "../runtime/core/kept-claims.ts";
import { maxBatchSize, maxBatchWaitMs } from "../runtime/schema/batch.ts";
import { maxKeptLines } from "../runtime/schema/define-jobs.ts";
import { defineJobs, job } from "../runtime/schema/index.ts";
import { defaultShare } from "../runtime/schema/limits.ts";
import { conformanceCases } from "../runtime/testing/cases/index.ts";
import { maxStepName } from "../runtime/worker/checkpoints.ts";
import { maxLogMessage } from "../runtime/worker/kept-log.ts";
import { readSettings } from "../runtime/worker/options.ts";
import { maxErrorMessage, maxErrorStack } from "../runtime/worker/stored-error.ts";
import { storeProviders, tableOf } from "./generate-stores.ts";

/** Where the suite that runs on every store looks at a policy; the words are areas of its cases. */
type Proof = readonly string[] | "above the store" | ((capabilities: Capabilities) => boolean);

const policies: readonly (readonly [policy: string, proof: Proof])[] = [
  ["`input`, `output`, `description`, `deprecated`", "above the store"],
  ["`queue`, `priority`, order of offering", ["claim"]],
  ["`delay`, `runAt`", ["promote"]],
  ["`retry`, `RetryAfter`, `Discard`, `Snooze`", ["transitions"]],
  ["`errors`, `discardOn`, `retryOn`, `timeout`, `expireAfter`", "above the store"],
  ["[`version`, `upgrade`](guide/upgrades.md)", "above the store"],
  ["`maxCrashes`", ["crash"]],
  ["[`unique`, `debounce`, `throttle`](guide/unique-jobs.md)", ["unique"]],
  ["[`schedules`](guide/schedules.md)", ["schedules"]],
  ["[`concurrency`](guide/limits.md)", ["concurrency"]],
  ["[`rateLimit`](guide/limits.md)", ["rate"]],
  ["[`order`](guide/limits.md)", ["order"]],
  ["[`fairness`](guide/limits.md)", ["fairness"]],
  ["[`maxWaiting`](guide/limits.md#back-pressure)", ["counts"]],
  ["[`ctx.step`, `ctx.iterate`](guide/checkpoints.md)", ["notes"]],
  ["[`keepLogs`, `handle.history()`](guide/checkpoints.md#history)", ["history"]],
  ["`progress`", ["progress"]],
  ["[`tags`](guide/operating.md#tags)", ["tags"]],
  ["[`metadata`](guide/time-and-settings.md#metadata)", "above the store"],
  ["[`batch`](guide/batch-handlers.md)", "above the store"],
  ["[`middleware`](guide/middleware.md)", "above the store"],
  ["[`encrypted`](guide/secrets.md)", ["opaque text"]],
  ["`cancel`, `requeue`, `change`, `pause`", ["cancel", "requeue", "change", "pause"]],
  ["[`jobs.$flow`, `workflow`](guide/flows.md)", ["needs", "batches", "finished"]],
  ["[`jobs.sendEmail.on`, `jobs.$events`](guide/events.md)", ["finished"]],
  ["`retention`", ["prune"]],
  ["`enqueue(input, { tx })`", ({ transactions }) => transactions !== "none"],
  ["`transactional`", ({ transactionalHandlers }) => transactionalHandlers === true],
];

function answer(proof: Proof, { capabilities }: Provider): string {
  if (typeof proof === "function") return proof(capabilities) ? "yes" : "no";
  if (proof === "above the store") return "yes";
  const missing = proof.filter((area) => !conformanceCases.some((known) => known.area === area));
  // A page must not say of a store what nothing looks at.
  if (missing.length > 0) throw new Error(`no conformance case is about ${missing.join(", ")}`);
  return "yes";
}

function span(ms: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1_000],
  ] as const;
  const [unit, size] = units.find(([, unitMs]) => ms >= unitMs && ms % unitMs === 0) ?? (["ms", 1] as const);
  return `${ms / size} ${unit}`;
}

const count = (n: number): string => n.toLocaleString("en-US");
const kib = (bytes: number): string => `${bytes / 1024} KiB`;

/** Read off what the schema and the worker make of nothing. */
function defaults(): readonly (readonly [what: string, value: string])[] {
  const { plain } = defineJobs({ plain: job({ input: z.string() }) }).jobs;
  const schema = { format: 1, hash: "", jobs: [{ ...plain, input: undefined }], loadSchema: () => Promise.resolve() };
  const worker = readSettings(schema as never, {} as never); // only queues are looked at
  const { retentionMs } = worker;
  const events = readEventSettings();
  const { backoff } = plain.retry;
  if (backoff.kind !== "exponential") throw new Error("the default backoff is another one");
  return [
    ["`queue`, `priority`, `version`", `\`"${plain.queue}"\`, ${plain.priority}, ${plain.version}`],
    [
      "`retry`",
      `${plain.retry.maxAttempts} attempts, ${backoff.kind} from ${span(backoff.delayMs)}, × ${backoff.factor}, at most ${span(backoff.maxMs)}, jitter \`"${backoff.jitter}"\``,
    ],
    ["`timeout`", span(plain.timeoutMs)],
    ["`maxCrashes`", String(plain.maxCrashes)],
    ["`fairness.share`", String(defaultShare)],
    ["worker: `lease`, `poll`", `${span(worker.leaseMs)}, ${span(worker.pollMs)}`],
    [
      "worker: `grace`, `abortGrace`, `stallLimit`",
      [worker.graceMs, worker.abortGraceMs, worker.stallLimitMs].map(span).join(", "),
    ],
    ["client: `events.poll`, `events.late`", `${span(events.pollMs)}, ${span(events.lateMs)}`],
    ["worker: `concurrency`", String(worker.concurrency.get(plain.queue))],
    [
      "worker: `retention`",
      Object.entries(retentionMs)
        .map(([state, ms]) => `${state} ${span(ms)}`)
        .join(", "),
    ],
  ];
}

const limits: readonly (readonly [what: string, value: string])[] = [
  ["input, output, data of an error, result of a step, cursor", kib(maxPayloadBytes)],
  ["metadata of one job", kib(maxMetadataBytes)],
  ["tags of one job", `${maxTags}, of ${maxTagLength} characters each`],
  ["`priority`", `${count(minPriority)} to ${count(maxPriority)}`],
  ["a key that is kept readable; longer ones are kept as their hash", `${maxReadableKey} bytes`],
  ["name of a step or an iteration", `${maxStepName} bytes`],
  ["`keepLogs`, and the length of a line", `${count(maxKeptLines)} per attempt, ${count(maxLogMessage)} characters`],
  ["attempts in the history of a job", `those of the last ${keptClaims} claims`],
  ["message and stack of an error", `${count(maxErrorMessage)} and ${count(maxErrorStack)} characters`],
  ["`batch`: size, wait", `${count(maxBatchSize)}, ${span(maxBatchWaitMs)}`],
  ["`catchUp`", `${count(maxCatchUp)} slots`],
  ["`list`: page", `${defaultPage}, at most ${count(maxPage)}`],
  ["`maxWaiting`: how long a count is used", span(countFreshMs)],
];

/** The page `docs/policies.md`: which store has which policy, and every default and limit, read from the code. */
export function policiesPage(): string {
  const providers = Object.entries(storeProviders);
  const stores = tableOf(
    ["", ...providers.map(([name]) => name)],
    policies.map(([policy, proof]) => [policy, ...providers.map(([, provider]) => answer(proof, provider))]),
  );
  return `${introduction}

${stores}

## Defaults

${tableOf(["", "default"], defaults())}

## Limits

${tableOf(["", "at most"], limits)}

What is larger is refused by the call that brings it, with a code and a way out; messages, stacks and log lines are cut.
`;
}

const introduction = `<!-- Made by docs/generate.ts from the code. -->

# Policies, defaults, limits

"Yes" is proved by the [conformance suite](testing.md), whose cases about that policy run on every store, or holds because
the policy is carried out above the store, by the same code for all. What else differs between stores: [stores](stores.md).`;
