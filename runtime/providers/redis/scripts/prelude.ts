import { beside, fullHead, gated, headFields, headSizes, marks, shortHead } from "./head.ts";

/** Version of the layout of keys and values described below; in the field `version` of the marker key. */
export const schemaVersion = 2;

/*
 * Layout. All keys begin with P = "{namespace}:", so that Redis Cluster keeps them in one slot. KEYS[1] is the marker key
 * P.."meta"; all others are derived from it inside the scripts.
 *
 *   meta            hash: version, born (id of this history), op (count of mutating calls), seq (of the newest job), lane,
 *                   edge (number of edges so far), mended (seq of the held job that was looked at last, while not all were)
 *   jobs            hash: id → head as in `head.ts`, then the payload if it is short
 *   heads           hash: id → head of a job that was ever claimed; then that in `jobs` counts no more
 *   payloads        hash: id → payload, if it is long
 *   outputs, errors hash: id → output, error as JSON
 *   index           sorted set: numbers of the chunks below
 *   index:<n>       hash: byte seq % 64 → id, for the 64 jobs from seq 64·n on; small enough for Redis to pack it
 *   lanes           hash: lane → packed {queue, name, version}
 *   lanes:<queue>   hash: "version:name" → lane
 *   counts          hash: "lane:state" → number of jobs
 *   ready:<lane>    sorted set: score priority, member runAt and seq in six bytes each, id, which "~" precedes if the job
 *                   was ever claimed: the order is that of offers
 *   scheduled       sorted set: score runAt, member seq in six bytes, id
 *   final:<lane>:<state>  sorted set: score finishedAt, member seqs of the jobs that one call ended, in six bytes each.
 *                   A requeued job stays in it: what its head says counts
 *   leases          sorted set: score leaseUntil, member claim. All leases of one claim begin, move and lapse together
 *   claims          hash: claim → packed {workerId, claimId, id…}. A settled job stays in it: what its head says counts;
 *                   "claim:held" → number of jobs that still run under it
 *   worker:<id>     hash: claimId → claim
 *   uniques         hash: id → packed {unique key, scope, forMs or false}
 *   keys            hash: unique key → id of the job that took it last. Whether that job holds it still is read off the job
 *   attempts:<id>   hash: fence → packed {attempt, startedAt, endedAt, workerId, error as JSON or false}
 *   notes:<id>      hash: "s", "c" or "l" and the key of a step, cursor or log line → its place in four bytes, text; "#" → the
 *                   last place
 *   tags            hash: id → packed {tag…}
 *   tagged:<tag>    sorted set: score seq, member id
 *   limits          hash: policy → packed {kind, limit, windowMs or false}
 *   gates           hash: id → packed {{policy, key, kind, level}…}, by level. How many of them it has passed is in its head
 *   waiting:<key>   sorted set of the blocked jobs that wait at a gate: score seq or priority, as the kind of the gate orders
 *                   them, member runAt and seq in six bytes each, id
 *   passed:<key>    set of ids: jobs that have passed a gate and take a place there, as their state says
 *   starts:<key>    sorted set: score time of a start, member fence and id
 *   starting        sorted set: score time of the last start, member key of a gate that has "starts:<key>"
 *   groups:<policy> set of keys of the gates at which jobs wait
 *   opening         sorted set: score time from which a gate may have room for those who wait at it, member its key
 *   reserved        sorted set: score end of the window, member seq in six bytes, id: jobs past their retention that stay
 *                   because they hold a key for a time
 *   aside           sorted set: score finishedAt, member seq in six bytes: jobs past their retention that stay, for their key
 *                   or for those that need them. They are in no final set meanwhile
 *   held            sorted set: score seq, member id: the blocked jobs that their needs hold
 *   needs:<id>      list of the jobs that one needs, in the order in which its edges came: condition, id
 *   edges:<id>      hash: id of a job that this one needs → condition, status; "#" → packed {mode, delay when they let it go,
 *                   number of edges by status…}
 *   needed          hash: id → the only job that needs it, or "*": see the next line
 *   needed:<id>     sorted set: score number of the edge, member id of a job that needs this one
 *   deciding        sorted set: jobs that ended and that more others need than one call decides: score number of the edge
 *                   after which to go on, member id
 *   paused          set of queues
 *   paused:names    set of names of job definitions
 *   schedules       hash: key → packed {name, spec, nextAt, lastAt, pausedAt}, false for what is absent
 *   schedules:keys  sorted set: score 0, member key
 *   slots:<name>    sorted set: score nextAt, member key, of the schedules of this name that fire again and are not paused
 *
 * A lane is a (queue, name, version): a claim looks only at lanes that its worker handles. A claim is named by the count
 * of its call. Keys of schedules are written so that their bytes sort as the contract says: see `ids.ts`.
 * Every key, field and member belongs to jobs and goes with the last of them, or to a schedule or a pause; starts go when no
 * window reaches them. Edges go with the job that needs, whose end they outlive; until then those that it needs stay. Limits stay: there are as many as schemas have had policies.
 */

/** Longer payloads are kept outside of the head, in bytes. */
export const inlineLimit = 512;

/**
 * What every script begins with.
 *
 * Scripts read many jobs with one command, change them as tables, and write everything with few commands at the end:
 * `reply` does that. A job that is loaded twice is one table.
 *
 * KEYS[1]  marker key, `{namespace}:meta`
 * KEYS[2]  a key that is never there: see `connection.ts`
 * ARGV[1]  ms since the epoch, or empty: the clock of the server
 * ARGV[2]  origin: id of the calling provider, so that it can tell its own messages
 * Returns  a list: op, born, then what the script says. An error `JWMETA <version>` if the marker is missing or another.
 */
export const prelude = `
local call, format, sub, byte, floor = redis.call, string.format, string.sub, string.byte, math.floor
local pack, unpackBytes = struct.pack, struct.unpack
local P = sub(KEYS[1], 1, -5)
local JOBS, HEADS, LEASES, SCHEDULE = P .. "jobs", P .. "heads", P .. "leases", P .. "scheduled"
local meta = call("HMGET", KEYS[1], "version", "op", "born", "seq")
if meta[1] ~= "${schemaVersion}" then return redis.error_reply("JWMETA " .. (meta[1] or "0")) end
local op, born = tonumber(meta[2]) or 0, meta[3]

local now = tonumber(ARGV[1])
if not now then
  local time = call("TIME")
  now = time[1] * 1000 + floor(time[2] / 1000)
end

local SCHEDULED, READY, RUNNING, BLOCKED, SUCCEEDED, DEAD, CANCELLED, SKIPPED = 1, 2, 3, 4, 5, 6, 7, 8
local NONE = -math.huge
-- From this kind on a job has gates. Who may pass them is known by scripts that have gates.ts; others do not touch such jobs.
local GATED, gates = ${gated}, nil
-- The same for edges; only jobs with marks have any.
local CANCELLING, NEEDED, NEEDING, HELD, edges = ${marks.cancelling}, ${marks.needed}, ${marks.needing}, ${marks.held}, nil
-- places in the table of a job
local ${headFields.join(", ")} = ${headFields.map((_, index) => index + 1).join(", ")}

-- as many arguments as one command takes without trouble
local CHUNK = 4000

local function many(command, key, list)
  for i = 1, #list, CHUNK do call(command, key, unpack(list, i, math.min(i + CHUNK - 1, #list))) end
end

local function readMany(key, fields)
  if #fields <= CHUNK then return #fields > 0 and call("HMGET", key, unpack(fields)) or {} end
  local values = {}
  for i = 1, #fields, CHUNK do
    for _, value in ipairs(call("HMGET", key, unpack(fields, i, math.min(i + CHUNK - 1, #fields)))) do
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

-- value: that in "jobs", or false; head: where its head is
local function parse(id, value, head)
  local kind = byte(head)
  if kind >= 2 then return { id, value, false, unpackBytes("${fullHead}", head) } end
  local _, lane, seq, enqueuedAt, maxCrashes = unpackBytes("${shortHead}", head)
  return {
    id, value, false, kind + 2, READY, lane, 0, maxCrashes, seq, enqueuedAt, enqueuedAt, 0, 0, 0, 0, 0, NONE, NONE, NONE,
    0, 0,
  }
end

-- heads, in the order of ids, and values of those that were never claimed; false: there is none
local function readHeads(ids)
  local heads, values = readMany(HEADS, ids), {}
  local fresh, places = {}, {}
  for i = 1, #ids do
    values[i] = false
    if not heads[i] then
      fresh[#fresh + 1] = ids[i]
      places[#places + 1] = i
    end
  end
  local found = readMany(JOBS, fresh)
  for i = 1, #places do
    heads[places[i]] = found[i]
    values[places[i]] = found[i]
  end
  return heads, values
end

local loaded = {}

-- loads jobs, in the order of their ids; false: there is none
local function loadAll(ids)
  local result, fresh = {}, {}
  for i = 1, #ids do
    if not loaded[ids[i]] then fresh[#fresh + 1] = ids[i] end
  end
  if #fresh > 0 then
    local heads, values = readHeads(fresh)
    for i = 1, #fresh do
      local id = fresh[i]
      if heads[i] and not loaded[id] then loaded[id] = parse(id, values[i], heads[i]) end
    end
  end
  for i = 1, #ids do result[i] = loaded[ids[i]] or false end
  return result
end

local changed, changedSize = {}, 0
local function save(job)
  if job[CHANGED] then return end
  job[CHANGED] = true
  changedSize = changedSize + 1
  changed[changedSize] = job
end

local function isNeeded(job) return job[MARKS] % (2 * NEEDED) >= NEEDED end
local function isHeld(job) return job[STATE] == BLOCKED and job[MARKS] >= HELD end

local function hasBeside(job) return floor(job[KIND] / ${beside}) % 2 == 1 end

local function payloadOf(job)
  if job[KIND] % 2 == 1 then return call("HGET", P .. "payloads", job[ID]) or "" end
  local value = job[VALUE] or call("HGET", JOBS, job[ID])
  return sub(value, byte(value) < 2 and ${headSizes.short + 1} or ${headSizes.full + 1})
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

local function listAt(lists, key)
  local list = lists[key]
  if not list then
    list = {}
    lists[key] = list
  end
  return list
end

-- What "reply" writes. By lane and state, as one number: changes of counts, seqs of jobs that ended. By lane: scores and
-- members of jobs that became ready. By key: members to remove. By claim: jobs that run under it no more.
local counted, ended, readied, scheduled, removed, released = {}, {}, {}, {}, {}, {}
-- ids and heads that scripts write without a table of the job
local heads, headsSize = {}, 0

local function count(lane, state, by)
  local field = lane * 16 + state
  counted[field] = (counted[field] or 0) + by
end

local function finalKey(lane, state) return P .. "final:" .. lane .. ":" .. state end

-- queues to tell others of; whether a job ended
local woken, settled = {}, false

-- takes a job out of the set that its state stands for
local function leave(job)
  local state = job[STATE]
  count(job[LANE], state, -1)
  if state == READY then
    local list = listAt(removed, P .. "ready:" .. job[LANE])
    list[#list + 1] = readyMember(job)
  elseif state == SCHEDULED then
    local list = listAt(removed, SCHEDULE)
    list[#list + 1] = bytesOf(job[SEQ]) .. job[ID]
  elseif state == BLOCKED then
    (isHeld(job) and edges or gates).leave(job)
  elseif state == RUNNING then
    released[job[CLAIM]] = (released[job[CLAIM]] or 0) + 1
    job[CLAIM] = 0
  end
end

-- puts a job into the set that its state stands for
local function enter(job)
  local state = job[STATE]
  count(job[LANE], state, 1)
  if state == READY then
    local list = listAt(readied, job[LANE])
    local at = #list
    list[at + 1], list[at + 2] = job[PRIORITY], readyMember(job)
  elseif state == SCHEDULED then
    local at = #scheduled
    scheduled[at + 1], scheduled[at + 2] = job[RUN_AT], bytesOf(job[SEQ]) .. job[ID]
  elseif state == BLOCKED then
    (isHeld(job) and edges or gates).enter(job)
  elseif state ~= RUNNING then
    settled = true
    local list = listAt(ended, job[LANE] * 16 + state)
    list[#list + 1] = bytesOf(job[SEQ])
  end
end

-- before its gates, for what it needs
local function holdBack(job, anew)
  if anew and job[MARKS] < HELD then job[MARKS] = job[MARKS] + HELD end
  if job[MARKS] >= HELD and (job[STATE] == READY or job[STATE] == SCHEDULED) then job[STATE] = BLOCKED end
end

-- moves a job as a row of core/transitions.ts says; given: delay, runAt, reason, priority, lane; popped: whether its set
-- has lost it
local function apply(job, t, given, popped)
  local to, from = t.to, job[STATE]
  if popped then count(job[LANE], job[STATE], -1) elseif to then leave(job) end
  if given then
    job[RUN_AT] = given.runAt or job[RUN_AT]
    job[PRIORITY], job[LANE] = given.priority or job[PRIORITY], given.lane or job[LANE]
  end
  if t.attempt == "reset" then
    job[ATTEMPT], job[CRASHES] = 0, 0
  else
    if t.attempt then job[ATTEMPT] = job[ATTEMPT] + t.attempt end
    if t.crashes then job[CRASHES] = job[CRASHES] + t.crashes end
    if t.fence then job[FENCE] = job[FENCE] + t.fence end
  end
  if t.lease then job[OPEN] = t.lease == "open" and 1 or 0 end
  if t.reason then job[REASON] = t.reason == "given" and given.reason or t.reason end
  if to then
    if to == "waiting" then
      job[STATE] = given and (given.delay or 0) > 0 and SCHEDULED or READY
    else
      job[STATE] = to
      if to >= SUCCEEDED then job[FINISHED_AT] = now end
    end
    if job[KIND] >= GATED then gates.place(job, from, t.attempt == "reset") end
    if job[MARKS] >= NEEDING then holdBack(job, t.attempt == "reset") end
    enter(job)
  end
  save(job)
end

local function situation(job)
  local state = job[STATE]
  if (state == READY or state == BLOCKED) and job[OPEN] == 1 then return "lapsed" end
  if state == RUNNING and job[MARKS] % 2 == CANCELLING then return "cancelling" end
  return state
end

local function writeJobs()
  local values = {}
  for i = 1, changedSize do
    local job = changed[i]
    job[CHANGED] = false
    local id, head = job[ID], pack("${fullHead}", unpack(job, KIND, CLAIM))
    if job[FENCE] > 0 then
      heads[headsSize + 1], heads[headsSize + 2] = id, head
      headsSize = headsSize + 2
    else
      values[#values + 1] = id
      values[#values + 1] = head .. (job[KIND] % 2 == 1 and "" or payloadOf(job))
    end
  end
  many("HSET", HEADS, heads)
  many("HSET", JOBS, values)
  changed, changedSize, heads, headsSize = {}, 0, {}, 0
end

local function writeSets()
  for key, members in pairs(removed) do many("ZREM", key, members) end
  for lane, members in pairs(readied) do many("ZADD", P .. "ready:" .. lane, members) end
  many("ZADD", SCHEDULE, scheduled)
  for field, seqs in pairs(ended) do
    call("ZADD", finalKey(floor(field / 16), field % 16), now, table.concat(seqs))
  end
end

local function endClaims()
  for claim, by in pairs(released) do
    local held = format("%.0f", claim) .. ":held"
    if call("HINCRBY", P .. "claims", held, -by) <= 0 then
      local entry = claimOf(claim)
      call("HDEL", P .. "worker:" .. entry[1], entry[2])
      call("HDEL", P .. "claims", claim, held)
      call("ZREM", LEASES, claim)
    end
  end
end

local function writeCounts()
  for field, by in pairs(counted) do
    local lane, state = floor(field / 16), field % 16
    local total = by ~= 0 and call("HINCRBY", P .. "counts", lane .. ":" .. state, by)
    -- Whoever waits found the lane empty or paused, so only the first job of a lane has to wake somebody.
    if total and total == by and state == READY then woken[laneOf(lane)[1]] = true end
    if total == 0 then
      call("HDEL", P .. "counts", lane .. ":" .. state)
      if state >= SUCCEEDED then call("DEL", finalKey(lane, state)) end
    end
  end
end

-- writes what has changed, tells the others, and gives the reply its first two entries
local function reply(result)
  writeJobs()
  if edges then edges.write() end
  writeSets()
  endClaims()
  writeCounts()
  for queue in pairs(woken) do call("PUBLISH", P .. "ready", ARGV[2] .. queue) end
  if settled then call("PUBLISH", P .. "settled", ARGV[2]) end
  return { op, born or "", result }
end
`;
