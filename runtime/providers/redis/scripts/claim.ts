import { transitions } from "../../../core/transitions.ts";
import { gateKeeper } from "./gates.ts";
import { apart, formats, fullStep, longOwn, sizes } from "./head.ts";
import { merging } from "./merge.ts";
import { defineScript } from "./script.ts";
import { luaCell, luaTransitions } from "./transition-table.ts";

/** `start(id, value, head)` and `admit()` for jobs that are not like most, and what a claim does that was sent again. */
const rest = `${luaTransitions(["claim"])}${gateKeeper}
local show, before = ...
local touched = {}

local function showJob(job)
  local own = pack(">${longOwn}", unpack(job, SEQ, PRIORITY))
  local value = job[VALUE] or call("HGET", JOBS, job[ID])
  local needsCare = job[KIND] >= GATED or isNeeded(job)
  show(job, job[ID], own, value, job[KIND] % 2 == 1, needsCare)
end

local function start(id, value, head)
  local job = parse(id, value, head)
  loaded[id] = job
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

local function repeatClaim(claim)
  local jobs = heldBy(claim)
  local function key(job) return { job[PRIORITY], job[RUN_AT], job[SEQ] } end
  table.sort(jobs, function(a, b) return before(key(a), key(b)) end)
  for _, job in ipairs(jobs) do showJob(job) end
end

local function admit() return gates and gates.admit(touched) or 0 end

return start, admit, repeatClaim
`;

/** How long the id, the own part of the head and the value of a job are. One row for each job, or three, would cost more. */
const jobSizes = ">I4BI4";

/**
 * Takes ready jobs in their order and starts a lease on each. Jobs with gates let others through. A claim id under which jobs
 * of this worker run already gives those again and takes nothing.
 *
 * ARGV[3…] claimId, workerId, leaseMs; per lane of the request: queue, limit, number of handles; per handle: name, maxVersion
 * Returns  leaseUntil; per lane of the store: its number, queue, name, version; per run of jobs that took the same steps:
 *          fence, number of the lane, attempt, crashes, number of jobs; the jobs as one text, per job: how long the three that
 *          follow are (see `jobSizes`), id, own part of its head, value in `jobs`, which begins with a head of any format;
 *          payloads that lie apart: place, payload; places of jobs with gates, or that others need; how many gates were
 *          passed. Lists have no inner ones
 */
export const claim = defineScript("claim", {
  kind: "free",
  bytes: true,
  rest,
  body: `${merging}
local claimId, worker, leaseMs = ARGV[3], ARGV[4], tonumber(ARGV[5])
local workerKey = P .. "worker:" .. worker
local lanes, shown, runs, rows, long, gatedPlaces = {}, {}, {}, {}, {}, {}
local rowsSize, last = 0, nil
local idSize, ownSize, valueSize, jobSizes

local function answer(leaseUntil, passed)
  return { op, meta[2], { leaseUntil, lanes, runs, table.concat(rows), long, gatedPlaces, passed } }
end

-- step: that of the job, as a table of it or another
local function show(step, id, own, value, isLong, needsCare)
  if step ~= last then
    last = step
    local number, at = step[LANE], #lanes
    if not shown[number] then
      shown[number] = true
      local lane = laneOf(number)
      lanes[at + 1], lanes[at + 2], lanes[at + 3], lanes[at + 4] = number, lane[1], lane[2], lane[3]
    end
    at = #runs
    runs[at + 1], runs[at + 2], runs[at + 3], runs[at + 4] = step[FENCE], number, step[ATTEMPT], step[CRASHES]
    runs[at + 5] = 0
  end
  runs[#runs] = runs[#runs] + 1
  if #value ~= valueSize or #own ~= ownSize or #id ~= idSize then
    idSize, ownSize, valueSize = #id, #own, #value
    jobSizes = pack("${jobSizes}", idSize, ownSize, valueSize)
  end
  rows[rowsSize + 1], rows[rowsSize + 2], rows[rowsSize + 3], rows[rowsSize + 4] = jobSizes, id, own, value
  rowsSize = rowsSize + 4
  if isLong then
    long[#long + 1] = rowsSize / 4
    long[#long + 1] = call("HGET", P .. "payloads", id) or ""
  end
  if needsCare then gatedPlaces[#gatedPlaces + 1] = rowsSize / 4 end
end

local start, admit, repeatClaim
local repeated = call("HGET", workerKey, claimId)
if repeated then
  start, admit, repeatClaim = openRest(show, before)
  repeatClaim(tonumber(repeated))
  return answer(tonumber(call("ZSCORE", LEASES, repeated)) or now, 0)
end

-- Mostly nothing is, and one look says so.
local pausing, pausedNames = call("EXISTS", P .. "paused", P .. "paused:names") > 0, {}
if pausing then pausedNames = call("SMEMBERS", P .. "paused:names") end

local members = {}
local i = 6
while i <= #ARGV do
  local queue, limit, handles = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local maxVersions = {}
  for h = 1, handles do maxVersions[ARGV[i + 1 + 2 * h]] = tonumber(ARGV[i + 2 + 2 * h]) end
  i = i + 3 + 2 * handles
  if pausing then
    for _, name in ipairs(pausedNames) do maxVersions[name] = nil end
    if call("SISMEMBER", P .. "paused", queue) == 1 then limit = 0 end
  end
  if limit >= 1 then take(queue, maxVersions, limit, members) end
end

-- old: ids of jobs that were claimed before
local ids, values, old, oldHeads = {}, {}, {}, {}
for place = 1, #members do
  local member = members[place]
  if byte(member, 13) == 126 then
    ids[place] = sub(member, 14)
    old[#old + 1] = ids[place]
  else
    ids[place] = sub(member, 13)
  end
end
if #old > 0 then
  for at, head in ipairs(readMany(HEADS, old)) do oldHeads[old[at]] = head end
end
if #ids > 0 then values = readMany(JOBS, ids) end

-- by step: what becomes of jobs that have it, as the table of a job; false: they have to be looked at one by one
local row, steps = ${luaCell(transitions.ready.claim)}, {}
local entry, size, fields, fieldsSize = { worker, claimId }, 0, {}, 0
for place = 1, #ids do
  local id, value = ids[place], values[place]
  local head = value and (oldHeads[id] or value)
  if head then
    local first, key, own = byte(head), nil, nil
    if first == ${formats.full} then
      key, own = sub(head, 1, ${sizes.fullStep}), sub(head, ${sizes.fullStep + 1}, ${sizes.fullHead})
    elseif first == ${formats.short} or first == ${formats.short + apart} then
      key, own = sub(head, 1, ${sizes.shortStep}), sub(head, ${sizes.shortStep + 1}, ${sizes.shortHead})
    end
    local step = steps[key or ""]
    if key and step == nil then
      if first == ${formats.full} then
        step = { "", false, false, unpackBytes(">${fullStep}", key) }
      else
        local lane = unpackBytes(">I3", key, 2)
        step = {
          "", false, false, ${formats.full}, first - ${formats.short}, READY, 0, lane, 0, 0, 0, 0, NONE, NONE, NONE, 0, 0,
        }
      end
      if step[STATE] ~= READY or step[OPEN] == 1 or step[KIND] >= GATED then
        step = false
      else
        step[STATE], step[FENCE], step[ATTEMPT] = row.to, step[FENCE] + row.fence, step[ATTEMPT] + row.attempt
        step[OPEN], step[STARTED_AT], step[PROGRESS], step[CLAIM] = 1, now, NONE, op
        step.started, step.size = pack(">${fullStep}", unpack(step, FORMAT, CLAIM)), 0
      end
      steps[key] = step
    end
    if step then
      fields[fieldsSize + 1], fields[fieldsSize + 2] = id, step.started .. own
      fieldsSize = fieldsSize + 2
      step.size = step.size + 1
      show(step, id, own, value, step[KIND] % 2 == 1, step[MARKS] % 4 >= NEEDED)
    else
      if not start then start, admit = openRest(show, before) end
      start(id, value, head)
    end
    size = size + 1
    entry[size + 2] = id
  end
end
if size == 0 then return answer(now + leaseMs, 0) end

many("HSET", HEADS, fields)

local counts = {}
for _, step in pairs(steps) do
  if step and step.size > 0 then counts[step[LANE]] = (counts[step[LANE]] or 0) + step.size end
end
for lane, by in pairs(counts) do
  local ready = format("%.0f:%d", lane, READY)
  if call("HINCRBY", P .. "counts", ready, -by) == 0 then call("HDEL", P .. "counts", ready) end
  call("HINCRBY", P .. "counts", format("%.0f:%d", lane, row.to), by)
end
local name = format("%.0f", op)
call("HSET", P .. "claims", name, cmsgpack.pack(entry), name .. ":held", size)
call("HSET", workerKey, claimId, name)
call("ZADD", LEASES, now + leaseMs, name)
local passed = 0
if start then
  passed = admit()
  closeRest()
end
return answer(now + leaseMs, passed)
`,
});
