import { defineScript } from "./script.ts";

/** Lua that makes a record of a job: what `record.ts` reads. Absent values are false, which Redis replies as nil. */
const record = `
local function recordOf(job)
  local lane = laneOf(job.lane)
  local running = job.state == RUNNING
  local lease = running and call("ZSCORE", LEASES, job.id .. ":" .. format("%.0f", job.fence))
  return {
    job.id, job.seq, lane[1], lane[2], lane[3], job.state, job.priority, job.attempt, job.crashes, job.fence, job.runAt,
    job.enqueuedAt, job.startedAt, job.finishedAt, running and job.worker, lease and tonumber(lease),
    job.cancel and 1 or 0, job.progress and format("%.17g", job.progress), job.reason, payloadOf(job),
    call("HGET", P .. "outputs", job.id), call("HGET", P .. "errors", job.id),
  }
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
local result = {}
for i = 3, #ARGV do
  local job = load(ARGV[i])
  result[#result + 1] = job and recordOf(job) or false
end
return reply(result)
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
for i = 3, #ARGV do
  local job = load(ARGV[i])
  result[#result + 1] = job and job.state < SUCCEEDED and 1 or 0
end
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
 * ARGV[3…] seq before which the page begins (empty: the newest), limit, then three times a number (−1: no filter) and so
 *          many values: numbers of states, names, queues
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
local states, names, queues = filter(), filter(), filter()

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
for i = 1, #entries, 2 do
  local lane, state = string.match(entries[i], "^(%d+):(%d+)$")
  local size = tonumber(entries[i + 1])
  if accepts(tonumber(lane), state) then
    state, total = tonumber(state), total + size
    if state == READY then addSet(P .. "ready:" .. lane, size)
    elseif state == SCHEDULED then addSet(P .. "scheduled", call("ZCARD", P .. "scheduled"))
    elseif state == RUNNING then addSet(LEASES, call("ZCARD", LEASES))
    else addSet(finalKey(lane, state), size) end
  end
end
if total == 0 then return reply({ {}, "" }) end

local found = {}

-- few candidates: all of them, sorted
local function gather()
  local jobs = {}
  for key in pairs(sets) do
    for _, member in ipairs(call("ZRANGE", key, 0, -1)) do
      local job = key == LEASES and load(string.match(member, "^(.*):%d+$"))
      local seq = job and job.seq or key ~= LEASES and seqOf(member)
      if seq and (not before or seq < before) then jobs[#jobs + 1] = seq end
    end
  end
  table.sort(jobs, function(a, b) return a > b end)
  for _, seq in ipairs(jobs) do
    local job = load(idAt(seq))
    if job and accepts(job.lane, job.state) then found[#found + 1] = recordOf(job) end
    if #found == limit then return seq end
  end
  return ""
end

-- many candidates: one of them comes soon
local function search()
  local seq, top = before, before and math.floor((before - 1) / 64) or "+inf"
  local chunks = call("ZREVRANGEBYSCORE", P .. "index", top, "-inf", "LIMIT", 0, ${Math.ceil(budget / 64)})
  for _, chunk in ipairs(chunks) do
    local entries, ids = call("HGETALL", P .. "index:" .. chunk), {}
    for i = 1, #entries, 2 do ids[tonumber(entries[i])] = entries[i + 1] end
    for offset = 63, 0, -1 do
      seq = chunk * 64 + offset
      if ids[offset] and (not before or seq < before) then
        local lane, state = laneAndState(ids[offset])
        if lane and accepts(lane, state) then found[#found + 1] = recordOf(load(ids[offset])) end
        if #found == limit then return seq end
        if not before and #found == total then return "" end
      end
    end
  end
  return #chunks > 0 and seq or ""
end

local nextSeq = members <= ${budget} and gather() or search()
return reply({ found, nextSeq })
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
