import { type Gate, type GateKind, isFinalState, type JobState, type Limit } from "../../contract/index.ts";
import type { Runner } from "./connection.ts";
import * as statements from "./gate-statements.ts";
import { storable } from "./text.ts";

/*
 * Who may pass which gate, inside one open write transaction. Whoever has passed is read off the jobs; the rows of the gates
 * only say where to look.
 *
 * A call lets jobs through the gates of the jobs that it touched, and through those where jobs arrive meanwhile: level by
 * level, the first of each group first, until the group has no room.
 */

interface Key {
  readonly key: string;
  readonly level: number;
}

export function refuseUnstorableGates(gates: readonly Gate[]): void {
  for (const { key, policy } of gates) {
    storable(key);
    storable(policy);
  }
}

/** A fresh job waits at the first of its gates, or for its time, which counts behind the gate of the order. */
export function isHeld(gates: readonly Gate[] | undefined, isDue: boolean): boolean {
  const next = gates?.[0];
  return next !== undefined && (isDue || next.kind === "order");
}

export function insertGates(
  runner: Runner,
  seq: number,
  gates: readonly Gate[],
  { isAtGate, priority, runAt }: { readonly isAtGate: boolean; readonly priority: number; readonly runAt: number },
): void {
  for (const [index, { level, key, policy, kind, limit, windowMs = null }] of gates.entries()) {
    const status = index === 0 && isAtGate ? "waiting" : "ahead";
    const order = status === "ahead" || kind === "order" ? { priority: 0, runAt: 0 } : { priority, runAt };
    runner.run(statements.insertGate, { seq, level, key, policy, kind, status, ...order });
    // That of the first job, until somebody sets another.
    runner.run(statements.learnLimit, { policy, kind, limit, windowMs });
  }
}

export function putLimits(runner: Runner, limits: readonly Limit[]): void {
  for (const { policy, kind, limit, windowMs = null } of limits) {
    runner.run(statements.putLimit, { policy: storable(policy), kind, limit, windowMs });
  }
}

/** A job that waits again is where its next gate is. `all`: it has no place in the order any more. */
export function waitAgain(runner: Runner, seq: number, all: boolean): void {
  runner.run(statements.giveBack, { seq, all: all ? 1 : 0 });
  wait(runner, seq);
}

function wait(runner: Runner, seq: number): boolean {
  if (runner.run(statements.waitAtNext, { seq }).changes === 0) return false;
  runner.run(statements.blockJob, { seq });
  return true;
}

/** A job that has ended is at no gate. */
export function leaveGates(runner: Runner, seq: number): void {
  runner.run(statements.giveBack, { seq, all: 1 });
}

/** A claim starts its jobs: they count for the rates of their groups from now on. */
export function startGated(runner: Runner, seqs: readonly number[], now: number): void {
  const list = JSON.stringify(seqs);
  runner.run(statements.insertStarts, { seqs: list, now });
  runner.run(statements.leaveStarted, { seqs: list });
  openBeside(runner, seqs, now);
}

/**
 * How much of the limit of a group is used, as it was counted in this call: in the transaction of one call nobody else
 * changes it, and a group need not be counted again after each of a hundred acks.
 */
export type UsedPlaces = Map<string, number>;

interface OwnGate extends Key {
  readonly state: JobState;
  readonly status: string;
}

/** After a settlement of this job: if it has ended, it is at no gate. `arrived`: jobs that came to their gates with that. */
export function openAfter(
  runner: Runner,
  seq: number,
  now: number,
  used: UsedPlaces = new Map(),
  arrived: readonly number[] = [],
): void {
  const own = runner.all<OwnGate>(statements.selectKeysOf, { seq });
  if (own[0] && isFinalState(own[0].state)) {
    leaveGates(runner, seq);
    for (const { key, status } of own) if (status === "passed") use(used, key, -1);
  }
  openGates(runner, [...own, ...keysOf(runner, arrived)], now, used);
}

function use(used: UsedPlaces, key: string, places: number): void {
  const known = used.get(key);
  if (known !== undefined) used.set(key, known + places);
}

/** Opens the gates of these jobs as far as they have room. */
export function openBeside(runner: Runner, seqs: readonly number[], now: number, used?: UsedPlaces): void {
  if (seqs.length > 0) openGates(runner, keysOf(runner, seqs), now, used);
}

function keysOf(runner: Runner, seqs: readonly number[]): readonly Key[] {
  return seqs.length === 0 ? [] : runner.all<Key>(statements.selectKeys, { seqs: JSON.stringify(seqs) });
}

/** Opens all gates, and forgets starts that no window reaches; returns how many jobs became ready. */
export function openAll(runner: Runner, now: number): number {
  const readied = openGates(runner, runner.all<Key>(statements.selectWaitingKeys, {}), now);
  runner.run(statements.forgetStarts, { now });
  return readied;
}

export function hasGates(runner: Runner): boolean {
  return runner.get(statements.anyGate, {}) !== undefined;
}

function openGates(runner: Runner, keys: readonly Key[], now: number, used: UsedPlaces = new Map()): number {
  const levels = Array.from({ length: 8 }, () => new Set<string>());
  for (const { key, level } of keys) levels[level]?.add(key);
  let readied = 0;
  for (const level of levels) for (const key of level) readied += openGroup(runner, key, levels, used, now);
  return readied;
}

interface Group {
  readonly kind: GateKind;
  readonly limit: number;
  readonly windowMs: number;
}

interface Head {
  readonly seq: number;
  readonly level: number;
  readonly state: JobState | null;
}

/** `levels`: where others look next. */
function openGroup(runner: Runner, key: string, levels: readonly Set<string>[], used: UsedPlaces, now: number): number {
  const group = runner.get<Group>(statements.selectGroup, { key });
  if (!group) return 0;
  let readied = 0;
  const before = used.get(key) ?? usedOf(runner, key, group, now);
  used.set(key, before);
  for (let room = group.limit - before; room > 0;) {
    const heads = runner.all<Head>(statements.selectHeads, { key, limit: room });
    if (heads.length === 0) break;
    for (const head of heads) {
      if (head.state !== "blocked") {
        leaveGates(runner, head.seq);
        continue;
      }
      if (pass(runner, head, group.kind, levels, now)) readied++;
      use(used, key, 1);
      room--;
    }
  }
  return readied;
}

function usedOf(runner: Runner, key: string, { kind, windowMs }: Group, now: number): number {
  const started =
    kind === "rate" ? runner.get<{ count: number }>(statements.countStarts, { key, after: now - windowMs }) : undefined;
  return (started?.count ?? 0) + passed(runner, key, kind);
}

function passed(runner: Runner, key: string, kind: GateKind): number {
  const found = runner.get<{ marked: number; counted: number }>(statements.countPassed[kind], { key });
  const { marked = 0, counted = 0 } = found ?? {};
  if (marked > counted) runner.run(statements.unmarkPassed[kind], { key });
  return counted;
}

/** Returns whether it is ready now. */
function pass(runner: Runner, { seq, level }: Head, kind: GateKind, levels: readonly Set<string>[], now: number) {
  runner.run(statements.passGate, { seq, level });
  const fair = kind === "fair" ? 1 : 0;
  const admitted = runner.get<{ state: JobState }>(statements.admitJob, { seq, now, fair });
  // It may have arrived where nobody has looked yet.
  for (const above of runner.all<Key>(statements.selectKeysAbove, { seq, level })) levels[above.level]?.add(above.key);
  return !wait(runner, seq) && admitted?.state === "ready";
}
