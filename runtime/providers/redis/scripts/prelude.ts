import { apart, beside, formats, fullHead, fullStep, oldHeads, shortHead, shortOwn, sizes } from "./head.ts";
import { schemaVersion } from "./layout.ts";

/**
 * How every script begins.
 *
 * KEYS[1]  marker key, `{namespace}:meta`
 * KEYS[2]  a key that is never there: see `connection.ts`
 * ARGV[1]  ms since the epoch, or empty: the clock of the server
 * ARGV[2]  origin: id of the calling provider, so that it can tell its own messages
 * Returns  a list: op, born, then what the script says. An error `JWMETA <version>` if the marker is missing or another.
 *
 * `alsoRead`: a field of the marker, as `meta[3]`.
 */
export function headerWith(alsoRead: string | undefined): string {
  return `
local call = redis.call
local meta = call("HMGET", KEYS[1], "version", "born"${alsoRead === undefined ? "" : `, "${alsoRead}"`})
if meta[1] ~= "${schemaVersion}" then return redis.error_reply("JWMETA " .. (meta[1] or "0")) end
local P = string.sub(KEYS[1], 1, -5)
`;
}

/**
 * Lua that reads, for scripts that mention it. They read many jobs with one command, change them as tables, and write
 * everything with few commands at the end: see `moves.ts` and `reply.ts`. A job that is loaded twice is one table.
 */
export const reading = `
local format = string.format

local sub = string.sub

local byte = string.byte

local floor = math.floor

local pack = struct.pack

local unpackBytes = struct.unpack

local JOBS = P .. "jobs"

local HEADS = P .. "heads"

local LEASES = P .. "leases"

local SCHEDULE = P .. "scheduled"

local now = tonumber(ARGV[1])
if not now then
  local time = call("TIME")
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local NONE = -math.huge

-- Who may pass the gates of a job is known by scripts that have gates.ts; others do not touch jobs with gates.
local gates

-- The same for edges; only jobs with marks have any.
local edges

-- with as many arguments at once as one command takes without trouble
local function many(command, key, list)
  for i = 1, #list, 4000 do call(command, key, unpack(list, i, math.min(i + 3999, #list))) end
end

local function readMany(key, fields)
  if #fields <= 4000 then return #fields > 0 and call("HMGET", key, unpack(fields)) or {} end
  local values = {}
  for i = 1, #fields, 4000 do
    for _, value in ipairs(call("HMGET", key, unpack(fields, i, math.min(i + 3999, #fields)))) do
      values[#values + 1] = value
    end
  end
  return values
end

-- numbers as six bytes, whose order is that of the numbers
local function bytesOf(number) return pack(">I6", math.max(0, math.min(number, 281474976710655))) end

local function readyMember(job)
  return bytesOf(job[RUN_AT]) .. bytesOf(job[SEQ]) .. (job[FENCE] > 0 and "~" or "") .. job[ID]
end

local function idOf(readyMember) return sub(readyMember, byte(readyMember, 13) == 126 and 14 or 13) end

local function chunkOf(seq) return format("%.0f", floor(seq / 64)) end

-- of a plain ready job
local function fresh(id, value, kind, lane, seq, enqueuedAt, maxCrashes)
  return {
    id, value, false, ${formats.full}, kind, READY, 0, lane, 0, 0, 0, 0, NONE, NONE, NONE, 0, 0, seq, enqueuedAt, maxCrashes,
    enqueuedAt, 0,
  }
end

local function parseOld(id, value, head)
  if byte(head) < 2 then return fresh(id, value, unpackBytes("${oldHeads.short}", head)) end
  local kind, state, lane, priority, maxCrashes, seq, enqueuedAt, runAt, attempt, crashes, fence, open, marks, startedAt,
    finishedAt, progress, reason, claim = unpackBytes("${oldHeads.full}", head)
  return {
    id, value, false, ${formats.full}, kind - 2, state, marks, lane, attempt, crashes, fence, open, startedAt, finishedAt,
    progress, reason, claim, seq, enqueuedAt, maxCrashes, runAt, priority,
  }
end

local function isShort(head)
  local first = byte(head)
  return first == ${formats.short} or first == ${formats.short + apart}
end

-- value: that in "jobs", or false; head: where its head is
local function parse(id, value, head)
  if isShort(head) then
    local first, lane, seq, enqueuedAt, maxCrashes = unpackBytes("${shortHead}", head)
    return fresh(id, value, first - ${formats.short}, lane, seq, enqueuedAt, maxCrashes)
  end
  if byte(head) ~= ${formats.full} then return parseOld(id, value, head) end
  if #head > ${sizes.fullStep + sizes.shortOwn} then return { id, value, false, unpackBytes("${fullHead}", head) } end
  local job = { id, value, false, unpackBytes(">${fullStep}${shortOwn}", head) }
  job[RUN_AT], job[PRIORITY] = job[ENQUEUED_AT], 0
  return job
end

-- without a table, for those who look at many
local function laneAndState(head)
  if byte(head) == ${formats.full} then return (unpackBytes(">I4", head, 5)), byte(head, 3) end
  if isShort(head) then return (unpackBytes(">I3", head, 2)), READY end
  local job = parseOld("", false, head)
  return job[LANE], job[STATE]
end

-- heads, in the order of ids, and values of those that were never claimed; false: there is none
local function readHeads(ids)
  local found, values = readMany(HEADS, ids), {}
  local fresh, places = {}, {}
  for i = 1, #ids do
    values[i] = false
    if not found[i] then
      fresh[#fresh + 1] = ids[i]
      places[#places + 1] = i
    end
  end
  local waiting = readMany(JOBS, fresh)
  for i = 1, #places do
    found[places[i]] = waiting[i]
    values[places[i]] = waiting[i]
  end
  return found, values
end

local loaded = {}

-- loads jobs, in the order of their ids; false: there is none
local function loadAll(ids)
  local result, fresh = {}, {}
  for i = 1, #ids do
    if not loaded[ids[i]] then fresh[#fresh + 1] = ids[i] end
  end
  if #fresh > 0 then
    local found, values = readHeads(fresh)
    for i = 1, #fresh do
      local id = fresh[i]
      if found[i] and not loaded[id] then loaded[id] = parse(id, values[i], found[i]) end
    end
  end
  for i = 1, #ids do result[i] = loaded[ids[i]] or false end
  return result
end

local function isNeeded(job) return job[MARKS] % (2 * NEEDED) >= NEEDED end

local function isHeld(job) return job[STATE] == BLOCKED and job[MARKS] >= HELD end

local function hasBeside(job) return floor(job[KIND] / ${beside}) % 2 == 1 end

local function headSizeOf(value)
  local first = byte(value)
  if first == ${formats.full} then return ${sizes.fullHead} end
  if isShort(value) then return ${sizes.shortHead} end
  return first < 2 and ${oldHeads.sizes.short} or ${oldHeads.sizes.full}
end

local function payloadOf(job)
  if job[KIND] % 2 == 1 then return call("HGET", P .. "payloads", job[ID]) or "" end
  local value = job[VALUE] or call("HGET", JOBS, job[ID])
  return sub(value, headSizeOf(value) + 1)
end

local laneCache = {}

local function laneOf(number)
  local lane = laneCache[number]
  if not lane then
    lane = cmsgpack.unpack(call("HGET", P .. "lanes", number))
    laneCache[number] = lane
  end
  return lane
end

-- {workerId, claimId, id…}
local function claimOf(claim)
  local value = call("HGET", P .. "claims", claim)
  return value and cmsgpack.unpack(value) or { "", "" }
end

-- the jobs that still run under a claim
local function heldBy(claim)
  local entry = claimOf(claim)
  local ids, held = {}, {}
  for i = 3, #entry do ids[i - 2] = entry[i] end
  for _, job in ipairs(loadAll(ids)) do
    if job and job[STATE] == RUNNING and job[CLAIM] == claim then held[#held + 1] = job end
  end
  return held, entry
end

local function situation(job)
  local state = job[STATE]
  if (state == READY or state == BLOCKED) and job[OPEN] == 1 then return "lapsed" end
  if state == RUNNING and job[MARKS] % 2 == CANCELLING then return "cancelling" end
  return state
end
`;
