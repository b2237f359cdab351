import { enqueueRuns } from "./enqueue.ts";
import { flushSets } from "./flush-sets.ts";
import { beside, headSizes } from "./head.ts";
import { forgetLanes } from "./lanes.ts";
import { inlineLimit } from "./prelude.ts";
import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";
import { uniqueKeys } from "./unique.ts";

/**
 * Lua that writes runs of jobs of all kinds, from ARGV[at] to the end, and replies `result` with the answer after it: per run:
 * state, runAt; per duplicate: its place among all jobs, state, runAt; per job that met the holder of its key: its place,
 * outcome, state, runAt, id of the holder. All in lists without inner ones.
 *
 * A run: scope (empty: these jobs have no key), forMs (empty: no window), onConflict, maxWaitMs (empty: no limit), number of
 * gates, 1 if the jobs have tags else 0, then as in `enqueue.ts`; after the jobs, if there is a scope: their keys; if there
 * are tags: per job their number and they.
 */
export const mixedRuns = `${luaTransitions(["change"])}${enqueueRuns}${uniqueKeys}${flushSets}${forgetLanes}
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
  job[VALUE] = string.char(2) .. string.rep("0", ${headSizes.full - 1}) .. payload
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

local function enqueueRunAt(at)
  local size = tonumber(ARGV[at + 13])
  local last = at + 14 + 2 * size
  meet, noted, keys, flags = nil, nil, {}, 0
  if ARGV[at] ~= "" then
    scope, forMs, onConflict, maxWait = ARGV[at], tonumber(ARGV[at + 1]) or false, ARGV[at + 2], tonumber(ARGV[at + 3])
    for i = 1, size do keys[i] = ARGV[last + i - 1] end
    last = last + size
    learnOwners()
    meet = meetHolder
  end
  if ARGV[at + 5] == "1" then
    last, flags, noted = readTags(last, size), ${beside}, keepTags
  end
  enqueueRun(at + 6, size)
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

local function replyMixed(result, at)
  enqueueAll(at)
  writeRuns()
  writeKeys()
  many("HSET", P .. "tags", tagged)
  for _, list in ipairs({ runs, duplicates, met }) do result[#result + 1] = list end
  local answer = reply(result)
  forgetLanes(left)
  return answer
end
`;

/**
 * Persists jobs of which some are not plain: all or none. Plain jobs are in the way of none of this, so that all calls can
 * travel together.
 *
 * ARGV[3…] runs of jobs
 * Returns  what `mixedRuns` says
 */
export const enqueueMixed = defineScript("enqueueMixed", {
  kind: "grow",
  body: `${mixedRuns}
return replyMixed({}, 3)
`,
});
