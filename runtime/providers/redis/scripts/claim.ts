import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Takes ready jobs in their order and starts a lease on each. A claim id under which jobs of this worker run already gives
 * those again and takes nothing.
 *
 * ARGV[3…] claimId, workerId, leaseMs; per lane of the request: queue, limit, number of handles; per handle: name, maxVersion
 * Returns  leaseUntil; per lane of the store: its number, queue, name, version; per job: id, fence, number of the lane,
 *          priority, attempt, crashes, runAt, enqueuedAt, payload. The last two in lists without inner ones
 */
export const claim = defineScript("claim", {
  kind: "free",
  body: `${luaTransitions(["claim"])}
local claimId, worker, leaseMs = ARGV[3], ARGV[4], tonumber(ARGV[5])
local workerKey = P .. "worker:" .. worker
local rows, size, lanes, shown = {}, 0, {}, {}

local function show(job)
  local number = job[LANE]
  if not shown[number] then
    shown[number] = true
    local lane, at = laneOf(number), #lanes
    lanes[at + 1], lanes[at + 2], lanes[at + 3], lanes[at + 4] = number, lane[1], lane[2], lane[3]
  end
  rows[size + 1], rows[size + 2], rows[size + 3], rows[size + 4] = job[ID], job[FENCE], number, job[PRIORITY]
  rows[size + 5], rows[size + 6], rows[size + 7] = job[ATTEMPT], job[CRASHES], job[RUN_AT]
  rows[size + 8], rows[size + 9] = job[ENQUEUED_AT], payloadOf(job)
  size = size + 9
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
  for _, job in ipairs(jobs) do show(job) end
  return reply({ tonumber(call("ZSCORE", LEASES, repeated)) or now, lanes, rows })
end

-- lanes of the store that a lane of the request takes
local function lanesOf(queue, maxVersions)
  local found = {}
  local entries = call("HGETALL", P .. "lanes:" .. queue)
  for i = 1, #entries, 2 do
    local version, name = string.match(entries[i], "^(%d+):(.*)$")
    local max = maxVersions[name]
    if max and tonumber(version) <= max then found[#found + 1] = P .. "ready:" .. entries[i + 1] end
  end
  return found
end

-- Members of the lanes' sets in the order of offers. The sets are read in parts, so that many lanes cost no more than few.
local function merge(keys, limit)
  local part = math.max(4, math.ceil(2 * limit / #keys))
  local parts, heads, taken, found, gone = {}, {}, {}, {}, {}
  local function look(i)
    local at, members = taken[i] or 0, parts[i]
    if not members or (at % part == 0 and at > 0) then
      members = call("ZRANGE", keys[i], at, at + part - 1, "WITHSCORES")
      parts[i] = members
    end
    local place = 2 * (at % part) + 1
    heads[i] = nil
    if members[place] then
      local runAt, seq = unpackBytes(">I6I6", members[place])
      heads[i] = { tonumber(members[place + 1]), runAt, seq, members[place] }
    end
  end
  for i = 1, #keys do look(i) end
  for _ = 1, limit do
    local best
    for i = 1, #keys do
      if heads[i] and (not best or before(heads[i], heads[best])) then best = i end
    end
    if not best then break end
    local member = heads[best][4]
    found[#found + 1] = member
    local list = listAt(gone, keys[best])
    list[#list + 1] = member
    taken[best] = (taken[best] or 0) + 1
    look(best)
  end
  for key, members in pairs(gone) do many("ZREM", key, members) end
  return found
end

local ids = {}
local function take(keys, limit)
  if #keys == 1 then
    local popped = call("ZPOPMIN", keys[1], limit)
    for i = 1, #popped, 2 do ids[#ids + 1] = sub(popped[i], 13) end
  elseif #keys > 1 then
    for _, member in ipairs(merge(keys, limit)) do ids[#ids + 1] = sub(member, 13) end
  end
end

local i = 6
while i <= #ARGV do
  local queue, limit, handles = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local maxVersions = {}
  for h = 1, handles do maxVersions[ARGV[i + 1 + 2 * h]] = tonumber(ARGV[i + 2 + 2 * h]) end
  i = i + 3 + 2 * handles
  if limit >= 1 and call("SISMEMBER", P .. "paused", queue) == 0 then take(lanesOf(queue, maxVersions), limit) end
end
if #ids == 0 then return reply({ now + leaseMs, lanes, rows }) end

local jobs, entry = loadAll(ids), { worker, claimId }
for j = 1, #ids do
  local job = jobs[j]
  if job then
    apply(job, T["claim"][situation(job)], nil, true)
    job[CLAIM], job[STARTED_AT], job[PROGRESS] = op, now, NONE
    entry[#entry + 1] = job[ID]
    show(job)
  end
end
call("HSET", P .. "claims", op, cmsgpack.pack(entry))
call("HSET", P .. "held", op, #entry - 2)
call("HSET", workerKey, claimId, op)
call("ZADD", LEASES, now + leaseMs, op)
return reply({ now + leaseMs, lanes, rows })
`,
});
