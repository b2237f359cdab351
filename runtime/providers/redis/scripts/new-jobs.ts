import { apart, formats, fullStep, longOwn, shortLimits, shortOwn, shortStep } from "./head.ts";

/** What stands behind the seq in an own part. */
const [shortRest, longRest] = [shortOwn, longOwn].map((own) => own.replace(/^I6/, ""));

/** Lua about new jobs, for scripts that mention it. */
export const creating = `
local function makeLane(queue, name, version)
  local lane = call("HINCRBY", KEYS[1], "lane", 1)
  call("HSET", P .. "lanes:" .. queue, version .. ":" .. name, lane)
  call("HSET", P .. "lanes", lane, cmsgpack.pack({ queue, name, tonumber(version) }))
  return lane
end

-- Of a run of jobs: the step of their heads, that of those whose payloads lie apart, and what stands behind the seq.
local function newHeads(flags, state, marks, lane, maxCrashes, runAt, priority)
  if runAt == now and now % 1 == 0 and now >= 0 and now < ${shortLimits.time} and lane < ${shortLimits.lane}
    and maxCrashes < ${shortLimits.maxCrashes} and priority == 0 and flags == 0 and marks == 0 then
    return pack(">${shortStep}", ${formats.short}, lane), pack(">${shortStep}", ${formats.short + apart}, lane),
      pack(">${shortRest}", now, maxCrashes)
  end
  local function step(kind)
    return pack(">${fullStep}", ${formats.full}, kind, state, marks, lane, 0, 0, 0, 0, NONE, NONE, NONE, 0, 0)
  end
  return step(flags), step(flags + ${apart}), pack(">${longRest}", now, maxCrashes, runAt, priority)
end
`;
