import type { AsyncTransactionProvider, Capabilities, TransactionalHandlers } from "../../contract/index.ts";
import { createSettledWaits } from "../../core/settled-waits.ts";
import { ackJobs } from "./ack.ts";
import { claimJobs } from "./claim.ts";
import { createClaimCursors } from "./claim-cursor.ts";
import { cancelJobs, changeJobs, completeJobs, type Done, pause, paused, resume } from "./control.ts";
import { createDatabase, stopped } from "./database.ts";
import { checkDurability } from "./durability.ts";
import { checkStorable } from "./enqueue.ts";
import { createEnqueuer } from "./enqueuer.ts";
import { createGates, putLimits } from "./gates.ts";
import { createHints } from "./hints.ts";
import { leaseThread, openHeartbeat } from "./heartbeat.ts";
import { countJobs, finishedJobs, getJobs, listJobs, needsOf } from "./inspect.ts";
import type { ListenerTiming } from "./listener.ts";
import { locationOf, poolOf, poolSize } from "./location.ts";
import { createMender } from "./mending.ts";
import { checkSchema, migrateSchema } from "./migrate.ts";
import { type Aftermath, aftermathOf } from "./needs.ts";
import { nackJobs } from "./nack.ts";
import { historyOf, keepNotes } from "./notes.ts";
import { type DrizzleSchema, type PostgresOptions, queryTimeoutOf, schemaOf } from "./options.ts";
import { requeueJobs } from "./requeue.ts";
import * as schedules from "./schedules.ts";
import { extendLeases, reportProgress } from "./settle.ts";
import { createSettledLookup } from "./settled-lookup.ts";
import { createSlots } from "./slots.ts";
import { createStatements } from "./statements.ts";
import { noneClaimed, type Store } from "./store.ts";
import { afterTransaction, enqueueInTransaction, type PostgresTransaction } from "./transaction.ts";
import { completeInTransaction, type HandlerTransaction } from "./transactional-handler.ts";
import { inTurns } from "./turns.ts";
import { promoteJobs, pruneJobs, reapJobs } from "./upkeep.ts";

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
      claimed: noneClaimed(),
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

  /** Tells of what a call did besides what it was asked for, and opens gates. */
  async function passOn({ queues, settled, gated }: Aftermath): Promise<void> {
    readied(queues);
    if (settled.length > 0) hints.settled(settled);
    await gates.openBeside(gated);
  }

  const mender = createMender(store);
  const enqueuer = createEnqueuer({
    store,
    call,
    gates,
    cursors,
    hints,
    passOn,
    connections: poolSize(location) < 4 ? 1 : 2,
  });

  /** Does to jobs what an operator asks for, and opens the gates beside them. */
  async function eachDone<Item extends { readonly id: string }, Outcome>(
    given: Store,
    items: readonly Item[],
    run: (given: Store, turn: readonly Item[]) => Promise<Done<Outcome>>,
    what: "end" | "requeue" = "end",
  ): Promise<readonly Outcome[]> {
    const all: Outcome[] = [];
    for (const turn of await inTurns(given, items, ({ id }) => id, what)) {
      const { outcomes, after } = await run(given, turn);
      await passOn(after);
      all.push(...outcomes);
    }
    return all;
  }

  const provider: PostgresProvider<Schema> = {
    capabilities: { transactions: "async", durable: true, reach: "network", transactionalHandlers: true },
    claimAhead: 1_000,
    notifier: {
      subscribe: (queues, wake) => hints.subscribe(queues, wake),
      subscribeEnds(wake) {
        const [unsubscribe, stopAsking] = [waits.subscribe(wake), hints.awaitAll()];
        return () => {
          unsubscribe();
          stopAsking();
        };
      },
    },
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
      await Promise.all([enqueuer.settled(), gates.settled()]);
      await hints.close();
      ended = true;
      await Promise.all([heartbeat?.database.close(), opened?.database.close()]);
    },

    async enqueue(jobs) {
      store();
      if (jobs.length === 0) return [];
      checkStorable(jobs);
      return enqueuer.enqueue(jobs);
    },
    enqueueInTransaction: (jobs, tx) =>
      call(async (given) => {
        checkStorable(jobs);
        if (jobs.length === 0) return [];
        const { written, after } = await enqueueInTransaction(given, tx, jobs);
        afterTransaction(tx, () => {
          enqueuer.offer(written);
          // Not before: gates are opened one after the other, and the transaction may stay open for long.
          if (ended) return;
          gates.track(Promise.all([enqueuer.letIn(given, written), passOn(after)])).catch(() => undefined);
        });
        return written.map(({ result }) => result);
      }),
    inTransaction: (lease, body, limits) =>
      call(async (given) => {
        const { settlement, after } = await handlers.use(() =>
          completeInTransaction(given, options.database, lease, body, limits),
        );
        hints.settled([lease.id]);
        if (lease.gated && settlement === "ok") await gates.openBeside([lease.id]);
        await passOn(after);
        return settlement;
      }),

    claim: (request) =>
      call(async (given) => {
        const { jobs, gated } = await claimJobs(given, cursors, request);
        await gates.openBeside(gated);
        return jobs;
      }),
    ack: (completions) =>
      call(async (given) => {
        const { settlements, after } = await ackJobs(given, completions);
        hints.settled(completions.map(({ id }) => id));
        await passOn(after);
        return settlements;
      }),
    nack: (rejections) =>
      call(async (given) => {
        const { settlements, after } = await nackJobs(given, rejections);
        hints.settled(rejections.map(({ id }) => id));
        await passOn(after);
        return settlements;
      }),
    extend: (request) => call(() => extendLeases(heartbeatStore(), request)),
    report: (reports) => call((given) => reportProgress(given, reports)),
    note: (notes) => call((given) => keepNotes(given, notes)),

    promote: (limit) =>
      call(async (given) => {
        const { queues, ...result } = await promoteJobs(given, limit);
        readied(queues);
        await gates.openAll();
        return result;
      }),
    reap: (limit) =>
      call(async (given) => {
        const { after, ...result } = await reapJobs(given, limit);
        await passOn(after);
        if (result.ended > 0) waits.check();
        return result;
      }),
    prune: (request) =>
      call(async (given) => {
        const pruned = await pruneJobs(given, request);
        if (pruned > 0) waits.check();
        await passOn(aftermathOf(await mender.mend()));
        return pruned;
      }),

    get: (id) => call(async (given) => (await getJobs(given, [id]))[0]),
    history: (id) => call((given) => historyOf(given, id)),
    list: (request) => call((given) => listJobs(given, request)),
    counts: (filter = {}) => call((given) => countJobs(given, filter)),
    finished: (request) => call((given) => finishedJobs(given, request)),
    needs: (request) => call((given) => needsOf(given, request)),
    cancel: (ids) =>
      call(async (given) => {
        const outcomes = await eachDone(
          given,
          ids.map((id) => ({ id })),
          cancelJobs,
        );
        hints.settled(ids);
        return outcomes;
      }),
    complete: (completions) =>
      call(async (given) => {
        const outcomes = await eachDone(given, completions, completeJobs);
        hints.settled(completions.map(({ id }) => id));
        return outcomes;
      }),
    requeue: (ids, delaysMs = []) =>
      call((given) => {
        const requests = ids.map((id, n) => ({ id, delayMs: delaysMs[n] ?? 0 }));
        return eachDone(given, requests, requeueJobs, "requeue");
      }),
    change: (changes) => call((given) => eachDone(given, changes, changeJobs)),
    pause: (target) => call((given) => pause(given, target)),
    resume: (target) => call(async (given) => readied(await resume(given, target))),
    paused: () => call(paused),
    putLimits: (limits) => call((given) => putLimits(given, limits)),
    awaitSettled: (id, waitOptions) =>
      call(() => {
        hints.await(id);
        return waits.wait(id, waitOptions);
      }),

    putSchedules: (given) => call((opened) => schedules.putSchedules(opened, given)),
    removeSchedules: (keys) => call((given) => schedules.removeSchedules(given, keys)),
    schedule: (key) => call((given) => schedules.findSchedule(given, key)),
    schedules: (after) => call((given) => schedules.listSchedules(given, after)),
    pauseSchedule: (key) => call((given) => schedules.pauseSchedule(given, key)),
    resumeSchedule: (key, nextAt) => call((given) => schedules.resumeSchedule(given, key, nextAt)),
    dueSchedules: (request) => call((given) => schedules.dueSchedules(given, request)),
    fireSchedule: (firing) =>
      call(async (given) => {
        checkStorable(firing.jobs);
        const { result, written: stored, after } = await schedules.fireSchedule(given, firing);
        await passOn(after);
        const written = await enqueuer.letIn(given, stored);
        enqueuer.offer(written);
        return result.outcome === "fired" ? { ...result, results: written.map((each) => each.result) } : result;
      }),
  };
  return provider;
}
