import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Takes ready jobs in their order and starts a lease on each. A claim id that this worker's leases carry already gives
 * those leases again and takes nothing.
 *
 * ARGV[3…] claimId, workerId, leaseMs; per lane of the request: queue, limit, number of handles; per handle: name, maxVersion
 * Returns  per job: id, fence, queue, name, version, priority, attempt, crashes, runAt, enqueuedAt, leaseUntil, payload
 */
export const claim = defineScript("claim", {
  kind: "free",
  body: `${luaTransitions(["claim"])}
local claimId, worker, leaseMs = ARGV[3], ARGV[4], tonumber(ARGV[5])
local workerKey = P .. "worker:" .. worker
local result = {}

local function show(job, leaseUntil)
  local lane = laneOf(job.lane)
  result[#result + 1] = {
    job.id, job.fence, lane[1], lane[2], lane[3], job.priority, job.attempt, job.crashes, job.runAt, job.enqueuedAt,
    leaseUntil, payloadOf(job),
  }
end

-- whether one comes before the other, by (priority, runAt, seq); as numbers, for Lua compares text by the locale
local function before(a, b)
  for i = 1, 3 do
    if a[i] ~= b[i] then return a[i] < b[i] end
  end
  return false
end

local prefix = #claimId .. ":" .. claimId .. ":"
local repeated = call("ZRANGEBYLEX", workerKey, "[" .. prefix, "[" .. prefix .. "\\255")
if #repeated > 0 then
  local jobs = {}
  for _, member in ipairs(repeated) do jobs[#jobs + 1] = load(string.sub(member, #prefix + 1)) end
  table.sort(jobs, function(a, b) return before({ a.priority, a.runAt, a.seq }, { b.priority, b.runAt, b.seq }) end)
  for _, job in ipairs(jobs) do
    show(job, tonumber(call("ZSCORE", LEASES, job.id .. ":" .. format("%.0f", job.fence))) or now)
  end
  return reply(result)
end

local function start(member)
  local job = load(idAt(seqOf(member)))
  if not job then return end
  job.popped = true
  apply(job, T["claim"][situation(job)], {})
  job.worker, job.claim, job.startedAt, job.progress = worker, claimId, now, false
  save(job)
  call("ZADD", LEASES, now + leaseMs, job.id .. ":" .. format("%.0f", job.fence))
  call("ZADD", workerKey, 0, workerMember(job))
  show(job, now + leaseMs)
end

-- lanes of the store that a lane of the request takes
local function lanesOf(queue, maxVersions)
  local lanes = {}
  local entries = call("HGETALL", P .. "lanes:" .. queue)
  for i = 1, #entries, 2 do
    local version, name = string.match(entries[i], "^(%d+):(.*)$")
    local max = maxVersions[name]
    if max and tonumber(version) <= max then lanes[#lanes + 1] = P .. "ready:" .. entries[i + 1] end
  end
  return lanes
end

-- Each round looks at the first job of every lane and takes the one that is offered before the others.
local function merge(lanes, limit)
  local heads = {}
  local function look(i)
    local first = call("ZRANGE", lanes[i], 0, 0, "WITHSCORES")
    heads[i] = nil
    if first[1] then
      local runAt, seq = struct.unpack(">I6I6", first[1])
      heads[i] = { member = first[1], tonumber(first[2]), runAt, seq }
    end
  end
  for i = 1, #lanes do look(i) end
  for _ = 1, limit do
    local best
    for i = 1, #lanes do
      if heads[i] and (not best or before(heads[i], heads[best])) then best = i end
    end
    if not best then return end
    local member = heads[best].member
    call("ZREM", lanes[best], member)
    start(member)
    look(best)
  end
end

local i = 6
while i <= #ARGV do
  local queue, limit, handles = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local maxVersions = {}
  for h = 1, handles do maxVersions[ARGV[i + 1 + 2 * h]] = tonumber(ARGV[i + 2 + 2 * h]) end
  i = i + 3 + 2 * handles
  if limit >= 1 and call("SISMEMBER", P .. "paused", queue) == 0 then
    local lanes = lanesOf(queue, maxVersions)
    if #lanes == 1 then
      local popped = call("ZPOPMIN", lanes[1], limit)
      for p = 1, #popped, 2 do start(popped[p]) end
    elseif #lanes > 1 then
      merge(lanes, limit)
    end
  end
end
return reply(result)
`,
});
