import { gatherJob, newJobLists, writeNewJobs } from "./new-jobs.ts";
import { defineScript } from "./script.ts";

/** What few calls meet: jobs that are there, and lanes that are not. */
const rest = `
local function existing(id)
  local job = loadAll({ id })[1]
  return { state = job[STATE], runAt = job[RUN_AT] }
end

return existing, makeLane
`;

/**
 * Persists jobs without unique keys, gates, tags and edges: all or none. A job whose id is there already is a duplicate and is not
 * written.
 *
 * ARGV[3…] per run of jobs that differ in id and payload only: queue, name, version, priority, runAt (empty: none), delay,
 *          maxCrashes, number of jobs; per job: id, payload
 * Returns  per run: state, runAt; per duplicate: its place among all jobs, state, runAt. Both in lists without inner ones
 */
export const enqueue = defineScript("enqueue", {
  kind: "grow",
  alsoRead: "seq",
  rest,
  body: `
local seq, place, at = tonumber(meta[3]) or 0, 0, 3
local runs, duplicates, later = {}, {}, {}
-- by lane, as text: scores and members of ready jobs; number of others; queue
local ready, laterBy, queues = {}, {}, {}
local existing, makeLaneFor
${newJobLists}
while at <= #ARGV do
  local queue, name, version, priority = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local maxCrashes, size = tonumber(ARGV[at + 6]), tonumber(ARGV[at + 7])
  local runAt = tonumber(ARGV[at + 4]) or now + tonumber(ARGV[at + 5])
  local state = runAt > now and SCHEDULED or READY
  runs[#runs + 1], runs[#runs + 2] = state, runAt
  local ids = {}
  for i = 1, size do ids[i] = ARGV[at + 6 + 2 * i] end
  local values = readMany(JOBS, ids)
  local result, added = { state = state, runAt = runAt }, 0
  local lane, set, prefix, step, apartStep, rest
  for i = 1, size do
    local id = ids[i]
    if values[i] or written[id] then
      if not existing then existing, makeLaneFor = openRest() end
      local other = written[id] or existing(id)
      local last = #duplicates
      duplicates[last + 1], duplicates[last + 2], duplicates[last + 3] = place + i, other.state, other.runAt
    else
      if not lane then
        lane = call("HGET", P .. "lanes:" .. queue, version .. ":" .. name)
        if not lane then
          if not existing then existing, makeLaneFor = openRest() end
          lane = tostring(makeLaneFor(queue, name, version))
        end
        queues[lane] = queue
        step, apartStep, rest = newHeads(0, state, 0, tonumber(lane), maxCrashes, runAt, tonumber(priority))
        set, prefix = later, ""
        if state == READY then
          set, prefix = ready[lane] or {}, bytesOf(runAt)
          ready[lane] = set
        end
      end
${gatherJob}    end
  end
  if state == SCHEDULED and lane then laterBy[lane] = (laterBy[lane] or 0) + added end
  place, at = place + size, at + 8 + 2 * size
end
if not chunk then return { op, meta[2], { runs, duplicates } } end
${writeNewJobs}many("ZADD", SCHEDULE, later)
for lane, by in pairs(laterBy) do call("HINCRBY", P .. "counts", lane .. ":" .. SCHEDULED, by) end
for lane, entries in pairs(ready) do
  many("ZADD", P .. "ready:" .. lane, entries)
  -- Whoever waits found the lane empty or paused, so only the first job of a lane has to wake somebody.
  local by = #entries / 2
  if call("HINCRBY", P .. "counts", lane .. ":" .. READY, by) == by then
    call("PUBLISH", P .. "ready", ARGV[2] .. queues[lane])
  end
end
return { op, meta[2], { runs, duplicates } }
`,
});
