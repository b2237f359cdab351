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

/** Entries of the index that one call looks at, so that no call takes long; the caller goes on from where it ended. */
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

-- how many jobs there are to find, so that the search can end with the last of them
local total = 0
local entries = call("HGETALL", P .. "counts")
for i = 1, #entries, 2 do
  local lane, state = string.match(entries[i], "^(%d+):(%d+)$")
  if accepts(tonumber(lane), state) then total = total + tonumber(entries[i + 1]) end
end
if total == 0 then return reply({ {}, "" }) end

local found, looked, seq = {}, 0, before
local top = before and math.floor((before - 1) / 64) or "+inf"
for _, chunk in ipairs(call("ZREVRANGEBYSCORE", P .. "index", top, "-inf", "LIMIT", 0, ${Math.ceil(budget / 64)})) do
  local ids = call("HGETALL", P .. "index:" .. chunk)
  local offsets = {}
  for i = 1, #ids, 2 do offsets[#offsets + 1] = { tonumber(ids[i]), ids[i + 1] } end
  table.sort(offsets, function(a, b) return a[1] > b[1] end)
  for _, offset in ipairs(offsets) do
    seq = tonumber(chunk) * 64 + offset[1]
    if not before or seq < before then
      local job = load(offset[2])
      looked = looked + 1
      if job and accepts(job.lane, job.state) then found[#found + 1] = recordOf(job) end
      if #found == limit or (not before and #found == total) then
        return reply({ found, #found == limit and seq or "" })
      end
    end
  end
  seq = tonumber(chunk) * 64
end
return reply({ found, looked > 0 and seq or "" })
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
