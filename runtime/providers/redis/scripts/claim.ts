import { gateKeeper } from "./gates.ts";
import { fullHead, headSizes, shortHead } from "./head.ts";
import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Takes ready jobs in their order and starts a lease on each. Jobs with gates let others through. A claim id under which jobs of this worker run already gives
 * those again and takes nothing.
 *
 * ARGV[3…] claimId, workerId, leaseMs; per lane of the request: queue, limit, number of handles; per handle: name, maxVersion
 * Returns  leaseUntil; per lane of the store: its number, queue, name, version; per run of jobs that differ in id and
 *          payload only: fence, number of the lane, priority, attempt, crashes, runAt, enqueuedAt, number of jobs; per job:
 *          id, payload. The last three in lists without inner ones; places of jobs with gates, or that others need; how many gates were passed
 */
export const claim = defineScript("claim", {
  kind: "free",
  body: `${luaTransitions(["claim"])}${gateKeeper}
local claimId, worker, leaseMs = ARGV[3], ARGV[4], tonumber(ARGV[5])
local workerKey = P .. "worker:" .. worker
local runs, rows, lanes, shown, gatedPlaces = {}, {}, {}, {}, {}
local function show(id, fence, number, priority, attempt, crashes, runAt, enqueuedAt, payload)
  if not shown[number] then
    shown[number] = true
    local lane, at = laneOf(number), #lanes
    lanes[at + 1], lanes[at + 2], lanes[at + 3], lanes[at + 4] = number, lane[1], lane[2], lane[3]
  end
  local at = #runs
  if at > 0 and runs[at - 7] == fence and runs[at - 6] == number and runs[at - 5] == priority and runs[at - 4] == attempt
    and runs[at - 3] == crashes and runs[at - 2] == runAt and runs[at - 1] == enqueuedAt then
    runs[at] = runs[at] + 1
  else
    runs[at + 1], runs[at + 2], runs[at + 3], runs[at + 4] = fence, number, priority, attempt
    runs[at + 5], runs[at + 6], runs[at + 7], runs[at + 8] = crashes, runAt, enqueuedAt, 1
  end
  at = #rows
  rows[at + 1], rows[at + 2] = id, payload
end

local function showJob(job)
  show(
    job[ID], job[FENCE], job[LANE], job[PRIORITY], job[ATTEMPT], job[CRASHES], job[RUN_AT], job[ENQUEUED_AT],
    payloadOf(job))
  if job[KIND] >= GATED or isNeeded(job) then gatedPlaces[#gatedPlaces + 1] = #rows / 2 end
end

-- whether one comes before the other, by (priority, runAt, seq); as numbers, for Lua compares text by the locale
local function before(a, b)
  for i = 1, 3 do
    if a[i] ~= b[i] then return a[i] < b[i] end
  end
  return false
end

local repeated = tonumber(call("HGET", workerKey, claimId))
if repeated then
  local jobs = heldBy(repeated)
  local function key(job) return { job[PRIORITY], job[RUN_AT], job[SEQ] } end
  table.sort(jobs, function(a, b) return before(key(a), key(b)) end)
  for _, job in ipairs(jobs) do showJob(job) end
  return reply({ tonumber(call("ZSCORE", LEASES, repeated)) or now, lanes, runs, rows, gatedPlaces, 0 })
end

-- lanes of the store that a lane of the request takes
local function lanesOf(queue, maxVersions)
  local found = {}
  local entries = call("HGETALL", P .. "lanes:" .. queue)
  for i = 1, #entries, 2 do
    local version, name = string.match(entries[i], "^(%d+):(.*)$")
    local max = maxVersions[name]
    if max and tonumber(version) <= max then
      found[#found + 1] = P .. "ready:" .. entries[i + 1]
      laneCache[tonumber(entries[i + 1])] = { queue, name, tonumber(version) }
    end
  end
  return found
end

-- Members of the lanes' sets in the order of offers. The sets are read in parts, so that many lanes cost no more than few.
local function merge(keys, limit)
  local part = math.max(4, math.ceil(2 * limit / #keys))
  local parts, fronts, taken, found, gone = {}, {}, {}, {}, {}
  local function look(i)
    local at, members = taken[i] or 0, parts[i]
    if not members or (at % part == 0 and at > 0) then
      members = call("ZRANGE", keys[i], at, at + part - 1, "WITHSCORES")
      parts[i] = members
    end
    local place = 2 * (at % part) + 1
    fronts[i] = nil
    if members[place] then
      local runAt, seq = unpackBytes(">I6I6", members[place])
      fronts[i] = { tonumber(members[place + 1]), runAt, seq, members[place] }
    end
  end
  for i = 1, #keys do look(i) end
  for _ = 1, limit do
    local best
    for i = 1, #keys do
      if fronts[i] and (not best or before(fronts[i], fronts[best])) then best = i end
    end
    if not best then break end
    local member = fronts[best][4]
    found[#found + 1] = member
    local list = listAt(gone, keys[best])
    list[#list + 1] = member
    taken[best] = (taken[best] or 0) + 1
    look(best)
  end
  for key, members in pairs(gone) do many("ZREM", key, members) end
  return found
end

local ids, old = {}, {}
local function takeMember(member)
  local id = idOf(member)
  ids[#ids + 1] = id
  if #member - #id == 13 then old[#old + 1] = id end
end

local function take(keys, limit)
  if #keys == 1 then
    local popped = call("ZPOPMIN", keys[1], limit)
    for i = 1, #popped, 2 do takeMember(popped[i]) end
  elseif #keys > 1 then
    for _, member in ipairs(merge(keys, limit)) do takeMember(member) end
  end
end

-- Mostly nothing is, and one look says so.
local pausing, pausedNames = call("EXISTS", P .. "paused", P .. "paused:names") > 0, {}
if pausing then
  for _, name in ipairs(call("SMEMBERS", P .. "paused:names")) do pausedNames[name] = true end
end

local i = 6
while i <= #ARGV do
  local queue, limit, handles = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local maxVersions = {}
  for h = 1, handles do maxVersions[ARGV[i + 1 + 2 * h]] = tonumber(ARGV[i + 2 + 2 * h]) end
  i = i + 3 + 2 * handles
  if pausing then
    for name in pairs(pausedNames) do maxVersions[name] = nil end
    if call("SISMEMBER", P .. "paused", queue) == 1 then limit = 0 end
  end
  if limit >= 1 then take(lanesOf(queue, maxVersions), limit) end
end
if #ids == 0 then return reply({ now + leaseMs, lanes, runs, rows, gatedPlaces, 0 }) end

loadAll(old)
local entry, fresh, row, touched = { worker, claimId }, {}, T["claim"][READY], {}
local attempt, crashes, fence, open = row.attempt or 0, row.crashes or 0, row.fence or 0, row.lease == "open" and 1 or 0

local function start(id, value)
  local job = loaded[id] or parse(id, value, value)
  job[VALUE] = value
  if job[KIND] >= GATED then openGates() end
  apply(job, T["claim"][situation(job)], nil, true)
  job[CLAIM], job[STARTED_AT], job[PROGRESS] = op, now, NONE
  if job[KIND] >= GATED then
    gates.started(job)
    touched[#touched + 1] = job
  end
  showJob(job)
end

-- what "start" does to most jobs, without a table for each
local function startFresh(id, value)
  local kind, lane, seq, enqueuedAt, maxCrashes = unpackBytes("${shortHead}", value)
  heads[headsSize + 1], heads[headsSize + 2] = id, pack(
    "${fullHead}", kind + 2, row.to, lane, 0, maxCrashes, seq, enqueuedAt, enqueuedAt, attempt, crashes, fence, open, 0, now,
    NONE, NONE, 0, op)
  headsSize = headsSize + 2
  fresh[lane] = (fresh[lane] or 0) + 1
  local payload = kind == 0 and sub(value, ${headSizes.short + 1}) or call("HGET", P .. "payloads", id) or ""
  show(id, fence, lane, 0, attempt, crashes, enqueuedAt, enqueuedAt, payload)
end

-- The same for a job with a full head that was never claimed; false: "start" has to.
local function startPlain(id, value)
  local kind, state, lane, priority, maxCrashes, seq, enqueuedAt, runAt, _, _, _, _, marks, _, _, _, reason =
    unpackBytes("${fullHead}", value)
  if kind >= GATED or state ~= READY then return false end
  heads[headsSize + 1], heads[headsSize + 2] = id, pack(
    "${fullHead}", kind, row.to, lane, priority, maxCrashes, seq, enqueuedAt, runAt, attempt, crashes, fence, open, marks, now,
    NONE, NONE, reason, op)
  headsSize = headsSize + 2
  fresh[lane] = (fresh[lane] or 0) + 1
  local payload = kind % 2 == 0 and sub(value, ${headSizes.full + 1}) or call("HGET", P .. "payloads", id) or ""
  show(id, fence, lane, priority, attempt, crashes, runAt, enqueuedAt, payload)
  if marks % 4 >= NEEDED then gatedPlaces[#gatedPlaces + 1] = #rows / 2 end
  return true
end

local values = readMany(JOBS, ids)
for place = 1, #ids do
  local id, value = ids[place], values[place]
  if value then
    if loaded[id] then
      start(id, value)
    elseif byte(value) < 2 then
      startFresh(id, value)
    elseif not startPlain(id, value) then
      start(id, value)
    end
    entry[#entry + 1] = id
  end
end
for lane, size in pairs(fresh) do
  count(lane, READY, -size)
  count(lane, row.to, size)
end
call("HSET", P .. "claims", op, cmsgpack.pack(entry), format("%.0f", op) .. ":held", #entry - 2)
call("HSET", workerKey, claimId, op)
call("ZADD", LEASES, now + leaseMs, op)
return reply({ now + leaseMs, lanes, runs, rows, gatedPlaces, gates and gates.admit(touched) or 0 })
`,
});
