import { gatherJob, newJobLists, writeNewJobs } from "./new-jobs.ts";

/**
 * Lua that writes runs of jobs of all kinds. `enqueueRun(at, size)`: a run of so many jobs, whose description begins at ARGV[at].
 * For runs of jobs that are not plain: `meet` is asked of each job that is no duplicate whether another one holds its unique
 * key; `noted` is told of each job that is written; `repeated` of each duplicate; `flags` are added to the first byte of the
 * heads, and `marks` are those in them; `waits` says of a state whether the jobs are blocked instead.
 */
export const enqueueRuns = `
local seq = tonumber(meta[3]) or 0

local known = {}
local function laneFor(queue, name, version)
  local field = version .. ":" .. name
  local key = #queue .. ":" .. queue .. field
  local lane = known[key] or tonumber(call("HGET", P .. "lanes:" .. queue, field))
    or makeLane(queue, name, version)
  known[key] = lane
  laneCache[lane] = { queue, name, tonumber(version) }
  return lane
end

local runs, duplicates, place = {}, {}, 0
${newJobLists}local meet, noted, repeated, waits
local flags, marks = 0, 0

-- a job that is there, or that this call has written
local function existing(id, value)
  local job = loaded[id] or value and loadAll({ id })[1]
  return job and { state = job[STATE], runAt = job[RUN_AT] } or written[id]
end

local function enqueueRun(at, size)
  local queue, name, priority, maxCrashes = ARGV[at], ARGV[at + 1], ARGV[at + 3], tonumber(ARGV[at + 6])
  local runAt = tonumber(ARGV[at + 4]) or now + tonumber(ARGV[at + 5])
  local state = runAt > now and SCHEDULED or READY
  if waits and waits(state) then state = BLOCKED end
  runs[#runs + 1], runs[#runs + 2] = state, runAt
  local ids = {}
  for i = 1, size do ids[i] = ARGV[at + 6 + 2 * i] end
  local values = readMany(JOBS, ids)
  -- of the run: steps of its jobs, what follows on their seq, how many were written
  local lane, set, prefix, step, apartStep, rest, added
  local result = { state = state, runAt = runAt }
  for i = 1, size do
    local id = ids[i]
    place = place + 1
    if values[i] or written[id] then
      local other = existing(id, values[i])
      local last = #duplicates
      duplicates[last + 1], duplicates[last + 2], duplicates[last + 3] = place, other.state, other.runAt
      if repeated then repeated(id) end
    elseif not meet or not meet(id, at, i, runAt) then
      if not lane then
        lane = laneFor(queue, name, ARGV[at + 2])
        set, prefix = scheduled, ""
        if state == READY then set, prefix = listAt(readied, lane), bytesOf(runAt) end
        if state == BLOCKED then set = {} end
        added = 0
        step, apartStep, rest = newHeads(flags, state, marks, lane, maxCrashes, runAt, tonumber(priority))
      end
${gatherJob}      if noted then noted(id, i, tonumber(priority), runAt, state) end
    end
  end
  if lane then count(lane, state, added) end
end

local function writeRuns()
  if not chunk then return end
${writeNewJobs}end
`;
