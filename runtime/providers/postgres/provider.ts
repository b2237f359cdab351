import {
  type AsyncTransactionProvider,
  type Capabilities,
  type EnqueueResult,
  type NewJob,
  type TransactionalHandlers,
} from "../../contract/index.ts";
import { createSettledWaits } from "../../core/settled-waits.ts";
import { claimJobs } from "./claim.ts";
import { createClaimCursors } from "./claim-cursor.ts";
import * as control from "./control.ts";
import { createDatabase, stopped } from "./database.ts";
import { checkDurability } from "./durability.ts";
import {
  checkStorable,
  enqueueJobs,
  enqueueStatements,
  isPlain,
  shownNow,
  type Written,
  writtenOf,
} from "./enqueue.ts";
import { createEnqueueGroup } from "./enqueue-group.ts";
import { createGates, inGateTurns, putLimits } from "./gates.ts";
import { createHints } from "./hints.ts";
import { leaseThread, openHeartbeat } from "./heartbeat.ts";
import type { ListenerTiming } from "./listener.ts";
import { locationOf, poolOf, poolSize } from "./location.ts";
import { checkSchema, migrateSchema } from "./migrate.ts";
import { historyOf, keepNotes } from "./notes.ts";
import { type DrizzleSchema, type PostgresOptions, queryTimeoutOf, schemaOf } from "./options.ts";
import { requeueJobs } from "./requeue.ts";
import * as schedules from "./schedules.ts";
import * as settle from "./settle.ts";
import { createSettledLookup } from "./settled-lookup.ts";
import { createSlots } from "./slots.ts";
import { createStatements } from "./statements.ts";
import type { Store } from "./store.ts";
import { afterTransaction, enqueueInTransaction, type PostgresTransaction } from "./transaction.ts";
import { completeInTransaction, type HandlerTransaction } from "./transactional-handler.ts";
import { createUniqueGroup } from "./unique-group.ts";
import { enqueueUnique } from "./unique-enqueue.ts";

/** `Schema`: the tables of the application's own Drizzle database, which `ctx.tx` of its handlers knows. */
export interface PostgresProvider<Schema extends DrizzleSchema = DrizzleSchema>
  extends AsyncTransactionProvider<PostgresTransaction>, TransactionalHandlers<HandlerTransaction<Schema>> {
  readonly capabilities: Capabilities & { readonly transactions: "async"; readonly transactionalHandlers: true };
}

/**
 * Callers of `awaitSettled` are woken by this process's settlements, and by hints of others; this is the guarantee, in ms.
 * One statement for all of them.
 */
const settledPollMs = 250;
/** Connections of the pool that transactional handlers leave to everything else. */
const reservedConnections = 2;

/** Any number of processes on any number of hosts, on one database. `timing`: for tests of the listener. */
export function createPostgresProvider<Schema extends DrizzleSchema>(
  options: PostgresOptions<Schema>,
  timing?: Partial<ListenerTiming>,
): PostgresProvider<Schema> {
  const schema = schemaOf(options);
  const queryTimeoutMs = queryTimeoutOf(options);
  const location = locationOf(options);
  const givenPool = options.database && poolOf(options.database);
  const sessions = options.pooler !== "transaction";
  const statements = createStatements(schema);
  const cursors = createClaimCursors();
  // Handlers hold their connection for as long as they run; claims and settlements must have some too.
  const handlers = createSlots(Math.max(1, poolSize(location) - reservedConnections));
  let opened: Store | undefined;
  let heartbeat: Store | undefined;
  let ended = false;

  function open(): Store {
    if (ended) throw stopped();
    opened ??= {
      database: createDatabase({ location, pool: givenPool, sessions, queryTimeoutMs }),
      statements,
      clock: options.clock,
    };
    return opened;
  }

  function store(): Store {
    if (!opened || ended) throw stopped();
    return opened;
  }

  /** An application's pool may be busy with other things for longer than a lease: heartbeats do not go through it. */
  function heartbeatStore(): Store {
    const given = store();
    if (!givenPool) return given;
    heartbeat ??= { ...given, database: openHeartbeat({ location, pool: givenPool, sessions, queryTimeoutMs }) };
    return heartbeat;
  }

  /** A call made before the start or after the stop is a rejected promise, not an exception. */
  const call = async <T>(run: (given: Store) => Promise<T>): Promise<T> => run(store());

  const waits = createSettledWaits(createSettledLookup(store), settledPollMs, stopped);
  const hints = createHints({
    schema,
    config: sessions ? location.config : undefined,
    notify: (channel, texts) =>
      call(async ({ database }) => void (await database.rows(statements.notify, { channel, texts }))),
    look: () => waits.check(),
    ...(timing && { timing }),
  });

  function readied(queues: Iterable<string>): void {
    const names = [...queues];
    if (names.length === 0) return;
    cursors.added(undefined);
    hints.ready(names);
  }

  const gates = createGates(store, `jobwright gates ${schema}`, readied);

  /** Opens the gates beside jobs that were written, and says where those wait now. */
  async function letIn(given: Store, written: readonly Written[]): Promise<readonly Written[]> {
    const touched = written.filter(({ gated, result }) => gated && result.outcome !== "duplicate");
    await gates.openBeside(touched.map(({ result }) => result.id));
    return shownNow(given, written);
  }

  /** The common case, in which nothing but the jobs themselves is written: no promise and no object more than it takes. */
  async function enqueuePlain(jobs: readonly NewJob[]): Promise<readonly EnqueueResult[]> {
    const results = await group.submit(jobs);
    const queues = new Set<string>();
    for (const [n, { queue, priority }] of jobs.entries()) if (results[n]) offered(queues, results[n], queue, priority);
    hints.ready(queues);
    return results;
  }

  async function enqueue(given: Store, jobs: readonly NewJob[]): Promise<readonly EnqueueResult[]> {
    await gates.learn(jobs);
    const stored = jobs.some(({ unique }) => unique)
      ? await uniqueGroup.submit(jobs)
      : writtenOf(jobs, await group.submit(jobs));
    const written = stored.some(({ gated }) => gated) ? await letIn(given, stored) : stored;
    enqueued(written);
    return written.map(({ result }) => result);
  }

  /** Does to jobs what an operator asks for, and opens the gates beside them. */
  async function eachDone<Item, Outcome>(
    given: Store,
    items: readonly Item[],
    idOf: (item: Item) => string,
    run: (turn: readonly Item[]) => Promise<control.Done<Outcome>>,
  ): Promise<readonly Outcome[]> {
    const all: Outcome[] = [];
    for (const turn of await inGateTurns(given, items, idOf)) {
      const { outcomes, queues, gated } = await run(turn);
      readied(queues);
      await gates.openBeside(gated);
      all.push(...outcomes);
    }
    return all;
  }

  function enqueued(written: Iterable<Written>): void {
    const queues = new Set<string>();
    for (const { result, queue, priority } of written) offered(queues, result, queue, priority);
    hints.ready(queues);
  }

  function offered(
    queues: Set<string>,
    { outcome, state, runAt }: EnqueueResult,
    queue: string,
    priority: number,
  ): void {
    if (state !== "ready" || outcome === "duplicate" || outcome === "deduplicated") return;
    cursors.added(queue, { priority, runAt });
    queues.add(queue);
  }

  const group = createEnqueueGroup((jobs) => call((given) => enqueueJobs(enqueueStatements(given), jobs)));
  const uniqueGroup = createUniqueGroup(
    (jobs, lockWaitMs) =>
      call((given) => given.database.transact((run) => enqueueUnique(run, given, jobs), lockWaitMs)),
    poolSize(location) < 4 ? 1 : 2,
  );

  const provider: PostgresProvider<Schema> = {
    capabilities: { transactions: "async", durable: true, reach: "network", transactionalHandlers: true },
    notifier: { subscribe: (queues, wake) => hints.subscribe(queues, wake) },
    ...leaseThread(options, { location, pool: givenPool, sessions, queryTimeoutMs }, schema),

    migrate: async () => migrateSchema(open(), schema),
    async start() {
      const given = open();
      if (options.migrate ?? true) await migrateSchema(given, schema);
      else await checkSchema(given, schema);
      await checkDurability(given.database, options.onWarning);
    },
    async stop() {
      if (ended) return;
      waits.close();
      await Promise.all([group.settled(), uniqueGroup.settled(), gates.settled()]);
      await hints.close();
      ended = true;
      await Promise.all([heartbeat?.database.close(), opened?.database.close()]);
    },

    async enqueue(jobs) {
      const given = store();
      if (jobs.length === 0) return [];
      checkStorable(jobs);
      return jobs.every(isPlain) ? enqueuePlain(jobs) : gates.track(enqueue(given, jobs));
    },
    enqueueInTransaction: (jobs, tx) =>
      call(async (given) => {
        checkStorable(jobs);
        if (jobs.length === 0) return [];
        const written = await enqueueInTransaction(given, tx, jobs);
        afterTransaction(tx, () => {
          enqueued(written);
          // Not before: gates are opened one after the other, and the transaction may stay open for long.
          if (!ended) gates.track(letIn(given, written)).catch(() => undefined);
        });
        return written.map(({ result }) => result);
      }),
    inTransaction: (lease, body, limits) =>
      call(async (given) => {
        const settlement = await handlers.use(() =>
          completeInTransaction(given, options.database, lease, body, limits),
        );
        hints.settled([lease.id]);
        if (lease.gated && settlement === "ok") await gates.openBeside([lease.id]);
        return settlement;
      }),

    claim: (request) =>
      call(async (given) => {
        const { jobs, repeated } = await claimJobs(given, cursors, request);
        if (!repeated) await gates.openBeside(jobs.flatMap(({ id, gated }) => (gated ? [id] : [])));
        return jobs;
      }),
    ack: (completions) =>
      call(async (given) => {
        const settlements = await settle.ackJobs(given, completions);
        hints.settled(completions.map(({ id }) => id));
        await gates.openBeside(settle.gatedOf(completions, settlements));
        return settlements;
      }),
    nack: (rejections) =>
      call(async (given) => {
        const { settlements, readied: queues } = await settle.nackJobs(given, rejections);
        hints.settled(rejections.map(({ id }) => id));
        readied(queues);
        await gates.openBeside(settle.gatedOf(rejections, settlements));
        return settlements;
      }),
    extend: (request) => call(() => settle.extendLeases(heartbeatStore(), request)),
    report: (reports) => call((given) => settle.reportProgress(given, reports)),
    note: (notes) => call((given) => keepNotes(given, notes)),

    promote: (limit) =>
      call(async (given) => {
        const { queues, ...result } = await control.promoteJobs(given, limit);
        readied(queues);
        await gates.openAll();
        return result;
      }),
    reap: (limit) =>
      call(async (given) => {
        const { queues, gated, ...result } = await control.reapJobs(given, limit);
        readied(queues);
        await gates.openBeside(gated);
        if (result.ended > 0) waits.check();
        return result;
      }),
    prune: (request) =>
      call(async (given) => {
        const pruned = await control.pruneJobs(given, request);
        if (pruned > 0) waits.check();
        return pruned;
      }),

    get: (id) => call(async (given) => (await control.getJobs(given, [id]))[0]),
    history: (id) => call((given) => historyOf(given, id)),
    list: (request) => call((given) => control.listJobs(given, request)),
    counts: (filter = {}) => call((given) => control.countJobs(given, filter)),
    cancel: (ids) =>
      call(async (given) => {
        const outcomes = await eachDone(
          given,
          ids,
          (id) => id,
          (turn) => control.cancelJobs(given, turn),
        );
        hints.settled(ids);
        return outcomes;
      }),
    requeue: (ids, delaysMs = []) =>
      call((given) => {
        const requests = ids.map((id, n) => ({ id, delayMs: delaysMs[n] ?? 0 }));
        return eachDone(
          given,
          requests,
          ({ id }) => id,
          (turn) => requeueJobs(given, turn),
        );
      }),
    change: (changes) =>
      call((given) =>
        eachDone(
          given,
          changes,
          ({ id }) => id,
          (turn) => control.changeJobs(given, turn),
        ),
      ),
    pause: (target) => call((given) => control.pause(given, target)),
    resume: (target) => call(async (given) => readied(await control.resume(given, target))),
    paused: () => call(control.paused),
    putLimits: (limits) => call((given) => putLimits(given, limits)),
    awaitSettled: (id, waitOptions) =>
      call(() => {
        hints.await(id);
        return waits.wait(id, waitOptions);
      }),

    putSchedules: (given) => call((opened) => schedules.putSchedules(opened, given)),
    removeSchedules: (keys) => call((given) => schedules.removeSchedules(given, keys)),
    schedules: (after) => call((given) => schedules.listSchedules(given, after)),
    pauseSchedule: (key) => call((given) => schedules.pauseSchedule(given, key)),
    resumeSchedule: (key, nextAt) => call((given) => schedules.resumeSchedule(given, key, nextAt)),
    dueSchedules: (request) => call((given) => schedules.dueSchedules(given, request)),
    fireSchedule: (firing) =>
      call(async (given) => {
        checkStorable(firing.jobs);
        const { result, written: stored } = await schedules.fireSchedule(given, firing);
        const written = await letIn(given, stored);
        enqueued(written);
        return result.outcome === "fired" ? { ...result, results: written.map((each) => each.result) } : result;
      }),
  };
  return provider;
}
