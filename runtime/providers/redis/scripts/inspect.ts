import { prerequisites } from "../../../contract/index.ts";
import { passedUnit } from "./head.ts";
import { defineScript } from "./script.ts";

/**
 * Lua that makes records of jobs, with few commands for all: what `record.ts` reads. Absent values are false, which Redis
 * replies as nil; so is the record of a job that is not there.
 */
export const record = `
local owners = {}
local function ownerOf(claim)
  local owner = owners[claim]
  if not owner then
    owner = { claimOf(claim)[1], tonumber(call("ZSCORE", LEASES, claim)) or false }
    owners[claim] = owner
  end
  return owner
end
local function given(number) return number ~= NONE and number end
local function blockedBy(job)
  if isHeld(job) then return "${prerequisites}" end
  return cmsgpack.unpack(call("HGET", P .. "gates", job[ID]))[floor(job[KIND] / ${passedUnit}) % 16 + 1][2]
end
-- a job that was claimed has been read without its payload
local function readValues(jobs)
  local ids, unread = {}, {}
  for _, job in ipairs(jobs) do
    if job and not job[VALUE] and job[KIND] % 2 == 0 then
      ids[#ids + 1] = job[ID]
      unread[#unread + 1] = job
    end
  end
  for i, value in ipairs(readMany(JOBS, ids)) do unread[i][VALUE] = value end
end
local function recordOf(job, output, err)
  local lane, id, progress = laneOf(job[LANE]), job[ID], job[PROGRESS]
  local owner = job[STATE] == RUNNING and ownerOf(job[CLAIM]) or { false, false }
  return {
    id, job[SEQ], lane[1], lane[2], lane[3], job[STATE], job[PRIORITY], job[ATTEMPT], job[CRASHES], job[FENCE],
    job[RUN_AT], job[ENQUEUED_AT], given(job[STARTED_AT]), given(job[FINISHED_AT]), owner[1], owner[2], job[MARKS] % 2,
    progress ~= NONE and format("%.17g", progress), job[REASON], payloadOf(job),
    output, err, job[STATE] == BLOCKED and blockedBy(job),
  }
end
local function recordsOf(jobs)
  local ids, records = {}, {}
  for i, job in ipairs(jobs) do ids[i] = job and job[ID] or "" end
  readValues(jobs)
  local outputs, errors = readMany(P .. "outputs", ids), readMany(P .. "errors", ids)
  for i, job in ipairs(jobs) do records[i] = job and recordOf(job, outputs[i], errors[i]) end
  return records
end
`;

/**
 * Everything about some jobs.
 *
 * ARGV[3…] ids
 * Returns  per id: a record, or nil
 */
export const get = defineScript("get", {
  kind: "read",
  body: `${record}
return reply(recordsOf(loadAll({ unpack(ARGV, 3) })))
`,
});

/**
 * Which of some jobs are still on their way: what callers that wait ask again and again.
 *
 * ARGV[3…] ids
 * Returns  per id: 1 if the job is there and not final, else 0
 */
export const pending = defineScript("pending", {
  kind: "read",
  body: `
local result = {}
for i, job in ipairs(loadAll({ unpack(ARGV, 3) })) do result[i] = job and job[STATE] < SUCCEEDED and 1 or 0 end
return reply(result)
`,
});

/**
 * Jobs that one call looks at, so that none takes long. If those in the wanted states and lanes are no more, they are
 * read from their sets; otherwise the index is searched, newest first, and the caller goes on from where it ended.
 */
const budget = 2_000;

/**
 * One part of a page, newest first.
 *
 * ARGV[3…] seq before which the page begins (empty: the newest), limit, then four times a number (−1: no filter) and so
 *          many values: numbers of states, names, queues, tags
 * Returns  the records; seq to go on from, empty at the end
 */
export const list = defineScript("list", {
  kind: "read",
  body: `${record}
local before, limit = tonumber(ARGV[3]), tonumber(ARGV[4])
local at = 5
local function filter()
  local size = tonumber(ARGV[at])
  at = at + 1
  if size < 0 then return nil end
  local values = {}
  for _ = 1, size do
    values[ARGV[at]] = true
    at = at + 1
  end
  return values
end
local states, names, queues, tags = filter(), filter(), filter(), filter() or {}

local function accepts(lane, state)
  lane = laneOf(lane)
  return (not states or states[tostring(state)]) and (not names or names[lane[2]]) and (not queues or queues[lane[1]])
end

-- how many jobs there are to find, and the sets that they are in; a set of all lanes counts with all of its members
local total, members, sets = 0, 0, {}
local function addSet(key, size)
  if not sets[key] then members = members + size end
  sets[key] = true
end
local entries = call("HGETALL", P .. "counts")
-- Those who wait at gates and for others, of all lanes; of too many the sets need not be known.
local function addBlocked()
  local blocked = 0
  for i = 1, #entries, 2 do
    if string.match(entries[i], ":(%d+)$") == "4" then blocked = blocked + tonumber(entries[i + 1]) end
  end
  if blocked > ${budget} then
    members = members + blocked
    return
  end
  addSet(P .. "held", call("ZCARD", P .. "held"))
  for _, policy in ipairs(call("HKEYS", P .. "limits")) do
    for _, key in ipairs(call("SMEMBERS", P .. "groups:" .. policy)) do
      addSet(P .. "waiting:" .. key, call("ZCARD", P .. "waiting:" .. key))
    end
  end
end
for i = 1, #entries, 2 do
  local lane, state = string.match(entries[i], "^(%d+):(%d+)$")
  local size = tonumber(entries[i + 1])
  if accepts(tonumber(lane), state) then
    state, total = tonumber(state), total + size
    if state == READY then addSet(P .. "ready:" .. lane, size)
    elseif state == SCHEDULED then addSet(P .. "scheduled", call("ZCARD", P .. "scheduled"))
    elseif state == BLOCKED then addBlocked()
    elseif state == RUNNING then sets[LEASES], members = true, members + size
    else
      addSet(finalKey(lane, state), math.max(size, call("ZCARD", finalKey(lane, state))))
      addSet(P .. "aside", call("ZCARD", P .. "aside"))
    end
  end
end
if total == 0 then return reply({ {}, "" }) end

local found = {}

-- ids of the jobs in a set
local function idsIn(key)
  local ids = {}
  if key == LEASES then
    for _, claim in ipairs(call("ZRANGE", key, 0, -1)) do
      for _, job in ipairs(heldBy(tonumber(claim))) do ids[#ids + 1] = job[ID] end
    end
    return ids
  end
  if key == P .. "held" then return call("ZRANGE", key, 0, -1) end
  local final = sub(key, #P + 1, #P + 6) == "final:" or key == P .. "aside"
  local waiting = sub(key, #P + 1, #P + 8) == "waiting:"
  for _, member in ipairs(call("ZRANGE", key, 0, -1)) do
    if final then
      for at = 1, #member, 6 do
        local seq = unpackBytes(">I6", member, at)
        ids[#ids + 1] = call("HGET", P .. "index:" .. chunkOf(seq), string.char(seq % 64)) or nil
      end
    else
      ids[#ids + 1] = waiting and sub(member, 13) or key == SCHEDULE and sub(member, 7) or idOf(member)
    end
  end
  return ids
end

-- few candidates: all of them, sorted
local function gather()
  local jobs, seen = {}, {}
  for key in pairs(sets) do
    for _, job in ipairs(loadAll(idsIn(key))) do
      if job and not seen[job] and (not before or job[SEQ] < before) and accepts(job[LANE], job[STATE]) then
        jobs[#jobs + 1] = job
        seen[job] = true
      end
    end
  end
  table.sort(jobs, function(a, b) return a[SEQ] > b[SEQ] end)
  for _, job in ipairs(jobs) do
    found[#found + 1] = job
    if #found == limit then return job[SEQ] end
  end
  return ""
end

-- many candidates: one of them comes soon
local function search()
  local seq, top = before, before and math.floor((before - 1) / 64) or "+inf"
  local chunks = call("ZREVRANGEBYSCORE", P .. "index", top, "-inf", "LIMIT", 0, ${Math.ceil(budget / 64)})
  for _, chunk in ipairs(chunks) do
    local entries = call("HGETALL", P .. "index:" .. chunk)
    local ids, places = {}, {}
    for i = 1, #entries, 2 do
      ids[#ids + 1] = entries[i + 1]
      places[byte(entries[i])] = #ids
    end
    local kept, values = readHeads(ids)
    for offset = 63, 0, -1 do
      local place = places[offset]
      seq = chunk * 64 + offset
      if place and kept[place] and (not before or seq < before) then
        if accepts(laneAndState(kept[place])) then
          found[#found + 1] = parse(ids[place], values[place], kept[place])
        end
        if #found == limit then return seq end
        if not before and #found == total then return "" end
      end
    end
  end
  return #chunks > 0 and seq or ""
end

-- those that have all tags: from the set of the rarest
local function searchTagged()
  local rarest, others, fewest, last = nil, {}, math.huge, nil
  for tag in pairs(tags) do
    local key = P .. "tagged:" .. tag
    local size = call("ZCARD", key)
    if size < fewest then rarest, fewest = key, size end
    others[#others + 1] = key
  end
  local top = before and "(" .. format("%.0f", before) or "+inf"
  local ids = call("ZREVRANGEBYSCORE", rarest, top, "-inf", "LIMIT", 0, ${budget})
  for _, job in ipairs(loadAll(ids)) do
    local fits = job and accepts(job[LANE], job[STATE])
    last = job and job[SEQ] or last
    for _, key in ipairs(others) do fits = fits and (key == rarest or call("ZSCORE", key, job[ID])) end
    if fits then
      found[#found + 1] = job
      if #found == limit then return last end
    end
  end
  return #ids == ${budget} and last or ""
end

local nextSeq
if next(tags) then
  nextSeq = searchTagged()
else
  nextSeq = members <= ${budget} and gather() or search()
end
return reply({ recordsOf(found), nextSeq })
`,
});

/**
 * Jobs that one needs, in the order in which its edges came.
 *
 * ARGV[3…] id, number of edges before the first one, limit
 * Returns  per edge: condition, status, record or nil; number of all edges
 */
export const needs = defineScript("needs", {
  kind: "read",
  body: `${record}
local key, start = P .. "needs:" .. ARGV[3], tonumber(ARGV[4])
local ids, result = {}, {}
for i, entry in ipairs(call("LRANGE", key, start, start + tonumber(ARGV[5]) - 1)) do ids[i] = sub(entry, 2) end
local records = recordsOf(loadAll(ids))
for i, edge in ipairs(readMany(P .. "edges:" .. ARGV[3], ids)) do
  result[i] = { byte(edge) - 48, byte(edge, 2) - 48, records[i] }
end
return reply({ result, call("LLEN", key) })
`,
});

/**
 * Number of jobs per lane and state.
 *
 * Returns  per count: queue, name, state, number
 */
export const counts = defineScript("counts", {
  kind: "read",
  body: `
local entries, result = call("HGETALL", P .. "counts"), {}
for i = 1, #entries, 2 do
  local number, state = string.match(entries[i], "^(%d+):(%d+)$")
  local lane = laneOf(number)
  result[#result + 1] = { lane[1], lane[2], tonumber(state), tonumber(entries[i + 1]) }
end
return reply(result)
`,
});
