/** Lua that moves jobs from state to state, for scripts that mention it. `reply.ts` writes what it gathers. */
export const moving = `
local function listAt(lists, key)
  local list = lists[key]
  if not list then
    list = {}
    lists[key] = list
  end
  return list
end

-- by lane and state, as one number: changes of counts
local counted = {}

-- by lane and state, as one number: seqs of jobs that ended
local ended = {}

-- by lane: scores and members of jobs that became ready
local readied = {}

-- scores and members
local scheduled = {}

-- by key of a set: members
local removed = {}

-- by claim: number of jobs that run under it no more
local released = {}

-- ids and heads that scripts write without a table of the job
local heads, headsSize = {}, 0

local changed, changedSize = {}, 0

-- queues to tell others of
local woken = {}

-- whether a job ended
local settled = false

local function save(job)
  if job[CHANGED] then return end
  job[CHANGED] = true
  changedSize = changedSize + 1
  changed[changedSize] = job
end

local function count(lane, state, by)
  local field = lane * 16 + state
  counted[field] = (counted[field] or 0) + by
end

local function finalKey(lane, state) return P .. "final:" .. lane .. ":" .. state end

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
`;
