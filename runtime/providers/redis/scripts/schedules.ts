import { mixedRuns } from "./enqueue-mixed.ts";
import { defineScript } from "./script.ts";

/** At most so many schedules are one page. */
const pageSize = 1_000;

const schedules = `
local SCHEDULES, ORDER = P .. "schedules", P .. "schedules:keys"
-- places in a schedule
local NAME, SPEC, NEXT_AT, LAST_AT, PAUSED_AT = 1, 2, 3, 4, 5

local function unpackSchedule(value) return value and cmsgpack.unpack(value) end
local function scheduleOf(key) return unpackSchedule(call("HGET", SCHEDULES, key)) end
local function slotsOf(schedule) return P .. "slots:" .. schedule[NAME] end

local function keep(key, schedule)
  call("HSET", SCHEDULES, key, cmsgpack.pack(schedule))
  if schedule[NEXT_AT] and not schedule[PAUSED_AT] then
    call("ZADD", slotsOf(schedule), schedule[NEXT_AT], key)
  else
    call("ZREM", slotsOf(schedule), key)
  end
end

-- as text: Redis would cut fractions off
local function text(number) return number and format("%.17g", number) end
local function rowOf(key, s)
  return { key, s[NAME], s[SPEC], text(s[NEXT_AT]), text(s[LAST_AT]), text(s[PAUSED_AT]) }
end
`;

/**
 * Creates or changes schedules. One with the same spec stays as it is.
 *
 * ARGV[3…] per schedule: key, name, spec, nextAt (empty: none)
 * Returns  nothing
 */
export const put = defineScript("putSchedules", {
  kind: "grow",
  body: `${schedules}
for i = 3, #ARGV, 4 do
  local key, spec = ARGV[i], ARGV[i + 2]
  local known = scheduleOf(key)
  if not known or known[SPEC] ~= spec then
    if known then call("ZREM", slotsOf(known), key) end
    keep(key, {
      ARGV[i + 1], spec, tonumber(ARGV[i + 3]) or false, known and known[LAST_AT] or false,
      known and known[PAUSED_AT] or false,
    })
    call("ZADD", ORDER, 0, key)
  end
end
return reply({})
`,
});

/**
 * Deletes schedules.
 *
 * ARGV[3…] keys
 * Returns  per key: 1 if there was one, else 0
 */
export const remove = defineScript("removeSchedules", {
  kind: "free",
  body: `${schedules}
local result = {}
for i = 3, #ARGV do
  local known = scheduleOf(ARGV[i])
  result[#result + 1] = known and 1 or 0
  if known then
    call("ZREM", slotsOf(known), ARGV[i])
    call("ZREM", ORDER, ARGV[i])
    call("HDEL", SCHEDULES, ARGV[i])
  end
end
return reply(result)
`,
});

/**
 * A page of schedules, by key.
 *
 * ARGV[3…] key after which it begins, preceded by "("; "-": at the first one
 * Returns  now, rows: key, name, spec, nextAt, lastAt, pausedAt
 */
export const list = defineScript("schedules", {
  kind: "read",
  body: `${schedules}
local keys, rows = call("ZRANGEBYLEX", ORDER, ARGV[3], "+", "LIMIT", 0, ${pageSize}), {}
for i, value in ipairs(readMany(SCHEDULES, keys)) do rows[i] = rowOf(keys[i], unpackSchedule(value)) end
return reply({ text(now), rows })
`,
});

/**
 * Reads one schedule.
 *
 * ARGV[3] key
 * Returns  now, rows as of a page: one, or none
 */
export const find = defineScript("findSchedule", {
  kind: "read",
  body: `${schedules}
local schedule = scheduleOf(ARGV[3])
return reply({ text(now), schedule and { rowOf(ARGV[3], schedule) } or {} })
`,
});

/**
 * Pauses or resumes a schedule.
 *
 * ARGV[3…] key; 1 to pause, 0 to resume; nextAt if it is resumed (empty: none)
 * Returns  1 if there is such a schedule, else 0
 */
export const pause = defineScript("pauseSchedule", {
  kind: "free",
  body: `${schedules}
local schedule, on = scheduleOf(ARGV[3]), ARGV[4] == "1"
if schedule and on ~= (schedule[PAUSED_AT] and true or false) then
  if on then
    schedule[PAUSED_AT] = now
  else
    schedule[PAUSED_AT], schedule[NEXT_AT] = false, tonumber(ARGV[5]) or false
  end
  keep(ARGV[3], schedule)
end
return reply(schedule and 1 or 0)
`,
});

/**
 * What fires next, name by name.
 *
 * ARGV[3…] how many are wanted; names
 * Returns  now, rows as in a page: of each name those that are due, and the next one after them, but at most one more than
 *          are wanted
 */
export const due = defineScript("dueSchedules", {
  kind: "read",
  body: `${schedules}
local limit, keys, rows = tonumber(ARGV[3]), {}, {}
for i = 4, #ARGV do
  local slots = call("ZRANGE", P .. "slots:" .. ARGV[i], 0, limit, "WITHSCORES")
  for j = 1, #slots, 2 do
    keys[#keys + 1] = slots[j]
    if tonumber(slots[j + 1]) > now then break end
  end
end
for i, value in ipairs(readMany(SCHEDULES, keys)) do rows[i] = rowOf(keys[i], unpackSchedule(value)) end
return reply({ text(now), rows })
`,
});

/**
 * Moves a schedule on and enqueues the jobs of its slot, if nobody else did.
 *
 * ARGV[3…] key, spec, expectedAt, slotAt, nextAt (empty: none), edges, runs of jobs
 * Returns  lost; fired, then what `mixedRuns` says; or code and id of what forbids the edges
 */
export const fire = defineScript("fireSchedule", {
  kind: "grow",
  alsoRead: "seq",
  body: `${schedules}${mixedRuns}
local schedule = scheduleOf(ARGV[3])
if not schedule or schedule[SPEC] ~= ARGV[4] or schedule[NEXT_AT] ~= tonumber(ARGV[5]) or schedule[PAUSED_AT] then
  return reply({ "lost" })
end
local refused = refusedEdges(8)
if refused then return reply(refused) end
schedule[LAST_AT], schedule[NEXT_AT] = tonumber(ARGV[6]), tonumber(ARGV[7]) or false
keep(ARGV[3], schedule)
return replyMixed({ "fired" })
`,
});
