import { describe, expect, it } from "vitest";
import { createUuidV7 } from "../../../runtime/core/uuid.ts";
import { createFakeClock } from "../../../runtime/testing/index.ts";

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function make(newId: () => string, count: number): string[] {
  return Array.from({ length: count }, () => newId());
}

function timeOf(id: string | undefined): number {
  return Number.parseInt((id ?? "").replaceAll("-", "").slice(0, 12), 16);
}

describe("createUuidV7", () => {
  it("has the version and variant bits of RFC 9562 in every id", () => {
    for (const id of make(createUuidV7(), 5_000)) expect(id).toMatch(form);
  });

  it("starts with the time in ms", () => {
    const clock = createFakeClock();
    expect(timeOf(createUuidV7(clock.now)())).toBe(clock.now());
  });

  it("sorts in the order of making, also beyond 4,096 ids in one ms", () => {
    const clock = createFakeClock();
    const ids = make(createUuidV7(clock.now), 10_000);
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
    expect(timeOf(ids.at(-1))).toBe(clock.now() + 2);
  });

  it("goes on sorting when the clock steps back", () => {
    const clock = createFakeClock();
    const newId = createUuidV7(clock.now);
    const before = make(newId, 10);
    clock.set(clock.now() - 3_600_000);
    const ids = [...before, ...make(newId, 5_000)];
    expect(ids).toEqual([...ids].sort());
  });

  it("returns to the clock as soon as the clock is ahead again", () => {
    const clock = createFakeClock();
    const newId = createUuidV7(clock.now);
    make(newId, 5_000);
    clock.advance(10);
    expect(timeOf(newId())).toBe(clock.now());
  });

  it("differs in the random part from generator to generator", () => {
    const clock = createFakeClock();
    const ids = Array.from({ length: 1_000 }, () => createUuidV7(clock.now)());
    expect(new Set(ids.map((id) => id.slice(19))).size).toBe(ids.length);
  });
});
