import { edgeDrawer } from "./draw-edges.ts";
import { edgesAndGates } from "./edges.ts";
import { enqueueRuns } from "./enqueue-runs.ts";
import { beside, formats, gated, sizes } from "./head.ts";
import { forgetLanes } from "./lanes.ts";
import { inlineLimit } from "./layout.ts";
import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";
import { uniqueKeys } from "./unique.ts";

/**
 * Lua that writes jobs of all kinds, whose edges and runs stand in ARGV[at] to the end. `replyMixed(result)` replies `result` with
 * the answer after it, when `refusedEdges(at)` has read the edges and given no reason not to: per run: state, runAt; per duplicate: its place among all jobs, state, runAt; per job that met the holder of its key: its place,
 * outcome, state, runAt, id of the holder; per job with gates or needs: its place, state and runAt, which count. All in lists without
 * inner ones.
 *
 * A run: scope (empty: these jobs have no key), forMs (empty: no window), onConflict, maxWaitMs (empty: no limit), number of
 * gates, 1 if the jobs have tags else 0, marks of their heads, then as in `enqueue.ts`; after the jobs, if there is a scope: their keys; if there
 * are gates: per gate its policy, kind, level, limit, windowMs (empty: none); per job the keys of its gates; if there are
 * tags: per job their number and they.
 */
export const mixedRuns = `${luaTransitions(["change"])}${enqueueRuns}${uniqueKeys}${edgesAndGates}${forgetLanes}${edgeDrawer}
local met, taken, kept, left = {}, {}, {}, {}
-- of the run: policy, keys, ids of those that took the keys last
local scope, forMs, onConflict, maxWait, keys, owners
-- ids of jobs with keys that were written or moved since the last flush
local unsettled = {}

local function flush()
  many("HSET", JOBS, jobs)
  many("HSET", P .. "payloads", payloads)
  clear(jobs)
  clear(payloads)
  writeJobs()
  flushSets()
  unsettled = {}
end

local function setPayload(job, payload)
  local long = #payload > ${inlineLimit}
  if long then
    call("HSET", P .. "payloads", job[ID], payload)
  elseif job[KIND] % 2 == 1 then
    call("HDEL", P .. "payloads", job[ID])
  end
  job[KIND] = job[KIND] - job[KIND] % 2 + (long and 1 or 0)
  job[VALUE] = string.char(${formats.full}) .. string.rep("0", ${sizes.fullHead - 1}) .. payload
end

-- the lane of a job that gets another version
local function laneWith(job, version)
  local lane = laneOf(job[LANE])
  if lane[3] == tonumber(version) then return job[LANE] end
  left[job[LANE]] = true
  return laneFor(lane[1], lane[2], version)
end

local function changeHolder(job, at, i, runAt)
  local given = { runAt = math.min(runAt, maxWait and job[ENQUEUED_AT] + maxWait or runAt) }
  given.delay = given.runAt - now
  if onConflict == "replace" then
    given.priority, given.lane = tonumber(ARGV[at + 3]), laneWith(job, ARGV[at + 2])
    setPayload(job, ARGV[at + 7 + 2 * i])
  end
  apply(job, T["change"][situation(job)], given)
  unsettled[job[ID]] = true
end

-- of jobs with gates: places and ids, to say how they stand in the end; ids of those that open gates
local said, touched = {}, {}

local function meetHolder(id, at, i, runAt)
  local key = keys[i]
  local owner = taken[key] or owners[i]
  if owner and unsettled[owner] then flush() end
  local job = holder(owner)
  if not job then
    taken[key], unsettled[id] = id, true
    uniques[id] = { key, scope, forMs }
    kept[#kept + 1] = id
    return false
  end
  local outcome = "deduplicated"
  if onConflict ~= "ignore" and job[FENCE] == 0 and job[STATE] < SUCCEEDED then
    outcome = onConflict == "replace" and "replaced" or "extended"
    changeHolder(job, at, i, runAt)
  end
  for _, value in ipairs({ place, outcome, job[STATE], job[RUN_AT], job[ID] }) do met[#met + 1] = value end
  if job[KIND] >= GATED then
    said[#said + 1], said[#said + 2] = place, job[ID]
    touched[#touched + 1] = job[ID]
  end
  return true
end

local function learnOwners()
  owners = readMany(KEY_OWNERS, keys)
  local ids = {}
  for _, id in ipairs(owners) do
    if id and not loaded[id] then ids[#ids + 1] = id end
  end
  loadAll(ids)
  learnUniques(ids)
end

-- of the run: per job, its tags
local tags

local function readTags(at, size)
  tags = {}
  for i = 1, size do
    tags[i] = { unpack(ARGV, at + 1, at + tonumber(ARGV[at])) }
    at = at + 1 + tonumber(ARGV[at])
  end
  return at
end

local tagged = {}
local function keepTags(id, i)
  tagged[#tagged + 1], tagged[#tagged + 2] = id, cmsgpack.pack(tags[i])
  for _, tag in ipairs(tags[i]) do call("ZADD", P .. "tagged:" .. tag, seq, id) end
end

-- of the run: its gates, without keys; per job, the keys
local policies, gateKeys

local function readGates(at, gateCount, size)
  policies, gateKeys = {}, {}
  for g = 1, gateCount do
    local policy, kind, level = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
    policies[g] = { policy, kind, level }
    local limit = cmsgpack.pack({ kind, tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]) or false })
    call("HSETNX", P .. "limits", policy, limit)
    at = at + 5
  end
  for i = 1, size do
    gateKeys[i] = { unpack(ARGV, at, at + gateCount - 1) }
    at = at + gateCount
  end
  return at
end

local gateRows = {}
local function keepGates(id, i, priority, runAt, state)
  local list = {}
  for g, known in ipairs(policies) do list[g] = { known[1], gateKeys[i][g], known[2], known[3] } end
  gates.keep(id, list)
  gateRows[#gateRows + 1], gateRows[#gateRows + 2] = id, cmsgpack.pack(list)
  said[#said + 1], said[#said + 2] = place, id
  touched[#touched + 1] = id
  if state == BLOCKED and marks < HELD then
    local job = {}
    job[ID], job[KIND], job[SEQ], job[PRIORITY], job[RUN_AT] = id, flags, seq, priority, runAt
    gates.enter(job)
  end
end

local function waitsFirst(state) return state == READY or policies[1][2] == "order" end

-- how they stand when all gates have been opened
local function standing()
  local ids, result = {}, {}
  for i = 2, #said, 2 do ids[i / 2] = said[i] end
  for i, job in ipairs(loadAll(ids)) do
    if job and (job[KIND] >= GATED or job[MARKS] >= NEEDING) then
      for _, value in ipairs({ said[2 * i - 1], job[STATE], job[RUN_AT] }) do result[#result + 1] = value end
    end
  end
  return result
end

repeated = function(id) said[#said + 1], said[#said + 2] = place, id end

local function noteAlso(keep)
  local before = noted
  noted = function(id, i, ...)
    keep(id, i)
    if before then before(id, i, ...) end
  end
end

local function enqueueRunAt(at)
  local size, gateCount, hasTags = tonumber(ARGV[at + 14]), tonumber(ARGV[at + 4]), ARGV[at + 5] == "1"
  local last = at + 15 + 2 * size
  meet, noted, waits, keys, flags, marks = nil, nil, nil, {}, 0, tonumber(ARGV[at + 6])
  if ARGV[at] ~= "" then
    scope, forMs, onConflict, maxWait = ARGV[at], tonumber(ARGV[at + 1]) or false, ARGV[at + 2], tonumber(ARGV[at + 3])
    for i = 1, size do keys[i] = ARGV[last + i - 1] end
    last = last + size
    learnOwners()
    meet = meetHolder
  end
  if gateCount > 0 then
    last, flags, noted, waits = readGates(last, gateCount, size), ${gated}, keepGates, waitsFirst
  end
  if hasTags then
    last, flags = readTags(last, size), flags + ${beside}
    noteAlso(keepTags)
  end
  if marks >= HELD then
    waits = function() return true end
    noteAlso(repeated)
  end
  enqueueRun(at + 7, size)
  return last
end

local function enqueueAll(at)
  while at <= #ARGV do at = enqueueRunAt(at) end
end

local function writeKeys()
  local owned, packed = {}, {}
  for key, id in pairs(taken) do
    owned[#owned + 1] = key
    owned[#owned + 1] = id
  end
  for _, id in ipairs(kept) do
    packed[#packed + 1] = id
    packed[#packed + 1] = cmsgpack.pack(uniques[id])
  end
  many("HSET", KEY_OWNERS, owned)
  many("HSET", UNIQUES, packed)
end

local first
local function refusedEdges(at)
  first = drawing.read(at)
  return drawing.refusal()
end

local function replyMixed(result)
  enqueueAll(first)
  writeRuns()
  writeKeys()
  many("HSET", P .. "tags", tagged)
  many("HSET", P .. "gates", gateRows)
  local waiting = drawing.draw()
  openGatesOf(loadAll(touched), edges.follow(waiting))
  for _, list in ipairs({ runs, duplicates, met, standing() }) do result[#result + 1] = list end
  local answer = reply(result)
  forgetLanes(left)
  return answer
end
`;

/**
 * Persists jobs of which some are not plain: all or none. Plain jobs are in the way of none of this, so that all calls can
 * travel together.
 *
 * ARGV[3…] edges, runs of jobs
 * Returns  what `mixedRuns` says; or code and id of what forbids the edges
 */
export const enqueueMixed = defineScript("enqueueMixed", {
  kind: "grow",
  alsoRead: "seq",
  body: `${mixedRuns}
local refused = refusedEdges(3)
return refused and reply(refused) or replyMixed({})
`,
});
