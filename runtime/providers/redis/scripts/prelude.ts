/** Version of the layout of keys and values described below; in the field `version` of the marker key. */
export const schemaVersion = 1;

/*
 * Layout. All keys begin with P = "{namespace}:", so that Redis Cluster keeps them in one slot. KEYS[1] is the marker key
 * P.."meta"; all others are derived from it inside the scripts.
 *
 *   meta            hash: version, born (id of this history), op (count of mutating calls), seq (of the newest job), lane
 *   jobs            hash: id → head, packed with MessagePack, then the payload if it is short
 *   payloads        hash: id → payload, if it is long: a change of state does not write it again
 *   outputs, errors hash: id → output, error as JSON
 *   index           sorted set: numbers of the chunks below
 *   index:<n>       hash: seq % 64 → id, for the 64 jobs from seq 64·n on; small enough for Redis to pack it
 *   lanes           hash: lane → packed {queue, name, version}
 *   lanes:<queue>   hash: "version:name" → lane
 *   counts          hash: "lane:state" → number of jobs
 *   ready:<lane>    sorted set: score priority, member runAt and seq in six bytes each: the order is that of offers
 *   scheduled       sorted set: score runAt, member seq
 *   final:<lane>:<state>  sorted set: score finishedAt, member seq
 *   leases          sorted set: score leaseUntil, member "id:fence"
 *   worker:<id>     sorted set, score 0, member "length:claimId:id": the leases of one worker
 *   paused          set of queues
 *
 * A lane is a (queue, name, version): a claim looks only at lanes that its worker handles. Every key, field and member
 * belongs to jobs and goes with the last of them.
 */

/** Longer payloads are kept outside of the head, in bytes. */
export const inlineLimit = 512;

/**
 * What every script begins with.
 *
 * KEYS[1]  marker key, `{namespace}:meta`
 * KEYS[2]  a key that is never there: see `connection.ts`
 * ARGV[1]  ms since the epoch, or empty: the clock of the server
 * ARGV[2]  origin: id of the calling provider, so that it can tell its own messages
 * Returns  a list: op, born, then what the script says. An error `JWMETA <version>` if the marker is missing or another.
 */
export const prelude = `
local call, format = redis.call, string.format
local P = string.sub(KEYS[1], 1, -5)
local JOBS, LEASES = P .. "jobs", P .. "leases"
local meta = call("HMGET", KEYS[1], "version", "op", "born", "seq")
if meta[1] ~= "${schemaVersion}" then return redis.error_reply("JWMETA " .. (meta[1] or "0")) end
local op, born = tonumber(meta[2]) or 0, meta[3]

local now = tonumber(ARGV[1])
if not now then
  local time = call("TIME")
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local SCHEDULED, READY, RUNNING, SUCCEEDED, DEAD, CANCELLED, SKIPPED = 1, 2, 3, 5, 6, 7, 8

-- numbers as six bytes, whose order is that of the numbers
local function bytesOf(number) return struct.pack(">I6", math.max(0, math.min(number, 281474976710655))) end

local function seqOf(member) return (struct.unpack(">I6", member, #member - 5)) end

local function readyMember(job) return bytesOf(job.runAt) .. bytesOf(job.seq) end

local function idAt(seq)
  return call("HGET", P .. "index:" .. format("%.0f", math.floor(seq / 64)), seq % 64)
end

-- Fields of a head in their order; those from attempt on are missing while a job is new. A negative state says that the
-- payload is kept elsewhere; otherwise it follows the head.
local function load(id)
  local value = id and call("HGET", JOBS, id)
  if not value then return nil end
  local at, h = cmsgpack.unpack_one(value)
  return {
    id = id, tail = at == -1 and "" or string.sub(value, at + 1), long = h[3] < 0,
    seq = h[1], lane = h[2], state = math.abs(h[3]), priority = h[4], enqueuedAt = h[5], runAt = h[5] + h[6],
    maxCrashes = h[7], attempt = h[8] or 0, crashes = h[9] or 0, fence = h[10] or 0,
    open = h[11] or false, cancel = h[12] or false, startedAt = h[13] or false, finishedAt = h[14] or false,
    progress = h[15] or false, reason = h[16] or false, worker = h[17] or false, claim = h[18] or false,
  }
end

local function save(j)
  local state, wait = j.long and -j.state or j.state, j.runAt - j.enqueuedAt
  local head
  if j.fence == 0 and j.state <= READY then
    head = { j.seq, j.lane, state, j.priority, j.enqueuedAt, wait, j.maxCrashes }
  else
    head = {
      j.seq, j.lane, state, j.priority, j.enqueuedAt, wait, j.maxCrashes, j.attempt, j.crashes, j.fence, j.open, j.cancel,
      j.startedAt, j.finishedAt, j.progress, j.reason, j.worker, j.claim,
    }
  end
  call("HSET", JOBS, j.id, cmsgpack.pack(head) .. j.tail)
end

-- the same without the rest, for those who look at many
local function laneAndState(id)
  local value = call("HGET", JOBS, id)
  if not value then return nil end
  local _, h = cmsgpack.unpack_one(value)
  return h[2], math.abs(h[3])
end

local function payloadOf(job)
  if job.long then return call("HGET", P .. "payloads", job.id) or "" end
  return job.tail
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

-- changes of "lane:state" counts, written once per script
local changes = {}
local function count(lane, state, by)
  local field = lane .. ":" .. state
  changes[field] = (changes[field] or 0) + by
end

local function finalKey(lane, state) return P .. "final:" .. lane .. ":" .. state end

local function workerMember(job) return #job.claim .. ":" .. job.claim .. ":" .. job.id end

-- queues to tell others of; whether a job ended; lanes that are known to hold ready jobs
local woken, settled, filled = {}, false, {}

-- takes a job out of the set that its state stands for
local function leave(job)
  local state = job.state
  count(job.lane, state, -1)
  if state == READY then
    if not job.popped then call("ZREM", P .. "ready:" .. job.lane, readyMember(job)) end
  elseif state == SCHEDULED then
    call("ZREM", P .. "scheduled", bytesOf(job.seq))
  elseif state == RUNNING then
    call("ZREM", LEASES, job.id .. ":" .. format("%.0f", job.fence))
    call("ZREM", P .. "worker:" .. job.worker, workerMember(job))
  else
    call("ZREM", finalKey(job.lane, state), bytesOf(job.seq))
  end
end

-- puts a job into the set that its state stands for
local function enter(job)
  local state = job.state
  count(job.lane, state, 1)
  if state == READY then
    local key = P .. "ready:" .. job.lane
    -- Whoever waits found the lane empty or paused, so only the first job of a lane has to wake somebody.
    if not filled[job.lane] and call("EXISTS", key) == 0 then woken[laneOf(job.lane)[1]] = true end
    filled[job.lane] = true
    call("ZADD", key, job.priority, readyMember(job))
  elseif state == SCHEDULED then
    call("ZADD", P .. "scheduled", job.runAt, bytesOf(job.seq))
  elseif state ~= RUNNING then
    settled = true
    call("ZADD", finalKey(job.lane, state), job.finishedAt, bytesOf(job.seq))
  end
end

-- moves a job as a row of core/transitions.ts says; given: delay, runAt, reason
local function apply(job, t, given)
  local moves = t.to ~= nil
  if moves then leave(job) end
  if given.runAt then job.runAt = given.runAt end
  if t.attempt == "reset" then
    job.attempt, job.crashes = 0, 0
  else
    job.attempt = job.attempt + (t.attempt or 0)
    job.crashes = job.crashes + (t.crashes or 0)
    job.fence = job.fence + (t.fence or 0)
  end
  if t.lease then job.open = t.lease == "open" end
  if t.reason then job.reason = t.reason == "given" and given.reason or t.reason end
  if moves then
    if t.to == "waiting" then
      job.state = (given.delay or 0) > 0 and SCHEDULED or READY
    else
      job.state = t.to
      if job.state >= SUCCEEDED then job.finishedAt = now end
    end
    enter(job)
  end
end

local function situation(job)
  if job.state == READY and job.open then return "lapsed" end
  if job.state == RUNNING and job.cancel then return "cancelling" end
  return job.state
end

-- writes the counts, tells the others, and gives the reply its first two entries
local function reply(result)
  for field, by in pairs(changes) do
    if by ~= 0 and call("HINCRBY", P .. "counts", field, by) == 0 then
      call("HDEL", P .. "counts", field)
    end
  end
  for queue in pairs(woken) do call("PUBLISH", P .. "ready", ARGV[2] .. queue) end
  if settled then call("PUBLISH", P .. "settled", ARGV[2]) end
  return { op, born or "", result }
end
`;
