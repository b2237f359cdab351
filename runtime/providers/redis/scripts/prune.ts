import { forgetLanes } from "./lanes.ts";
import { releaseNeeded } from "./release-needed.ts";
import { defineScript } from "./script.ts";
import { uniqueKeys } from "./unique.ts";

/** So many jobs one call puts by, or brings back, besides those that it deletes. */
const budget = 200;

/** After so many edges a call deletes no further job. */
const edgeBudget = 2_000;

/**
 * Deletes final jobs past their retention, with everything that belongs to them. One that holds a key for a time is put by
 * until that is over, one that others need until they are deleted, so that none is looked at in vain again and again.
 *
 * ARGV[3…] limit; per state: its number, retention in ms
 * Returns  number of deleted jobs; 1 if there may be more to do, else 0; 1 if there are jobs that their needs hold, else 0
 */
export const prune = defineScript("prune", {
  kind: "free",
  body: `${uniqueKeys}${forgetLanes}${releaseNeeded}
local left, aside, edgesLeft = tonumber(ARGV[3]), ${budget}, ${edgeBudget}
local pruned, lanes = {}, {}
-- A store without unique keys pays one look.
local withKeys = call("EXISTS", UNIQUES) == 1

-- ids of jobs, by their seqs
local function idsAt(seqs)
  local ids, i = {}, 1
  while i <= #seqs do
    local chunk, first, offsets = floor(seqs[i] / 64), i, {}
    while i <= #seqs and floor(seqs[i] / 64) == chunk do
      offsets[#offsets + 1] = string.char(seqs[i] % 64)
      i = i + 1
    end
    local found = call("HMGET", P .. "index:" .. chunkOf(seqs[first]), unpack(offsets))
    for j = 1, #offsets do ids[first + j - 1] = found[j] or "" end
  end
  return ids
end

-- whether a job holds its key for a time, which outlives its retention
local function reserves(job)
  local unique = withKeys and uniqueOf(job[ID])
  return unique and unique[3] and holder(call("HGET", KEY_OWNERS, unique[1])) == job
end

local function putAside(job)
  call("ZADD", ASIDE, job[FINISHED_AT], bytesOf(job[SEQ]))
  aside = aside - 1
end

local function reserve(job)
  call("ZADD", RESERVED, job[ENQUEUED_AT] + uniqueOf(job[ID])[3], reservedMember(job))
  putAside(job)
end

local function isKept(job) return isNeeded(job) and call("HEXISTS", NEEDERS, job[ID]) == 1 end

-- jobs whose time is over are final as others are
local function bringBack()
  local members, ids = call("ZRANGEBYSCORE", RESERVED, "-inf", now, "LIMIT", 0, ${budget}), {}
  for i, member in ipairs(members) do ids[i] = sub(member, 7) end
  for _, job in ipairs(loadAll(ids)) do
    if job then takeBack(job) end
  end
  many("ZREM", RESERVED, members)
  return #members
end

-- takes jobs that one call ended at one time, as many as are left; gives the others
local function forget(member, lane, state, finishedAt)
  local seqs = {}
  for at = 1, #member, 6 do seqs[#seqs + 1] = unpackBytes(">I6", member, at) end
  local ids = idsAt(seqs)
  if withKeys then learnUniques(ids) end
  for place, job in ipairs(loadAll(ids)) do
    if left == 0 or aside == 0 or edgesLeft < 1 then return sub(member, 6 * place - 5) end
    -- One that was requeued lives, or ended at another time.
    if job and not job[CHANGED] and job[LANE] == lane and job[STATE] == state and job[FINISHED_AT] == finishedAt then
      if reserves(job) then
        reserve(job)
      elseif isKept(job) then
        putAside(job)
      else
        if job[MARKS] >= NEEDING then edgesLeft = edgesLeft - call("LLEN", P .. "needs:" .. job[ID]) end
        job[CHANGED] = true
        pruned[#pruned + 1] = job
        count(lane, state, -1)
        left = left - 1
      end
    end
  end
  return ""
end

local function forgetKeys(ids)
  local keys, owners, gone = {}, {}, {}
  for _, id in ipairs(ids) do
    if uniqueOf(id) then
      owners[#owners + 1] = id
      keys[#owners] = uniqueOf(id)[1]
    end
  end
  for i, id in ipairs(readMany(KEY_OWNERS, keys)) do
    if id == owners[i] then gone[#gone + 1] = keys[i] end
  end
  many("HDEL", KEY_OWNERS, gone)
  many("HDEL", UNIQUES, owners)
end

local back = withKeys and bringBack() or 0

local retention = {}
for i = 4, #ARGV, 2 do retention[ARGV[i]] = tonumber(ARGV[i + 1]) end
for _, field in ipairs(call("HKEYS", P .. "counts")) do
  local lane, state = string.match(field, "^(%d+):(%d+)$")
  local key = finalKey(lane, state)
  while retention[state] and left > 0 and aside > 0 and edgesLeft > 0 do
    local oldest = call("ZRANGEBYSCORE", key, "-inf", now - retention[state], "WITHSCORES", "LIMIT", 0, 1)
    if #oldest == 0 then break end
    local rest = forget(oldest[1], tonumber(lane), tonumber(state), tonumber(oldest[2]))
    call("ZREM", key, oldest[1])
    if rest ~= "" then call("ZADD", key, oldest[2], rest) end
  end
end

local function forgetBeside(ids)
  local keys = {}
  for place, packed in ipairs(readMany(P .. "tags", ids)) do
    for _, tag in ipairs(packed and cmsgpack.unpack(packed) or {}) do call("ZREM", P .. "tagged:" .. tag, ids[place]) end
    keys[2 * place - 1], keys[2 * place] = P .. "attempts:" .. ids[place], P .. "notes:" .. ids[place]
  end
  if #ids == 0 then return end
  many("HDEL", P .. "tags", ids)
  call("DEL", unpack(keys))
end

local ids, long, rich, gatedIds, needing, places = {}, {}, {}, {}, {}, {}
for i, job in ipairs(pruned) do
  ids[i] = job[ID]
  lanes[job[LANE]] = true
  if job[KIND] >= GATED then gatedIds[#gatedIds + 1] = job[ID] end
  if job[MARKS] >= NEEDING then needing[#needing + 1] = job[ID] end
  if hasBeside(job) then rich[#rich + 1] = job[ID] end
  if job[KIND] % 2 == 1 then long[#long + 1] = job[ID] end
  local list = listAt(places, chunkOf(job[SEQ]))
  list[#list + 1] = string.char(job[SEQ] % 64)
end
for _, name in ipairs({ "jobs", "heads", "outputs", "errors" }) do many("HDEL", P .. name, ids) end
many("HDEL", P .. "payloads", long)
many("HDEL", P .. "gates", gatedIds)
forgetBeside(rich)
for _, id in ipairs(needing) do releaseNeeded(id) end
if withKeys then forgetKeys(ids) end
for chunk, list in pairs(places) do
  call("HDEL", P .. "index:" .. chunk, unpack(list))
  if call("EXISTS", P .. "index:" .. chunk) == 0 then call("ZREM", P .. "index", chunk) end
end

local more = left == 0 or aside == 0 or edgesLeft < 1 or back == ${budget}
local result = reply({ #pruned, more and 1 or 0, call("EXISTS", P .. "held") })
forgetLanes(lanes)
if #pruned > 0 then call("PUBLISH", P .. "settled", ARGV[2]) end
return result
`,
});
