import { transitions } from "../../../core/transitions.ts";
import { edgeRows } from "./edge-rows.ts";
import { gateKeeper } from "./gates.ts";
import { luaCell } from "./transition-table.ts";

/** A call decides so many edges besides those of the jobs that it ended; `promote` goes on from there. */
const budget = 1_000;

/**
 * Lua that knows who waits for whose end: the rule of `memory/needs.ts`. After `openEdges()` there are, in `edges`:
 *
 * - What stands in `edge-rows.ts`.
 * - `leave`, `enter`: for the prelude, which keeps the sets of a job by its state.
 * - `expect(ids)`: reads at once what decides the edges to these jobs.
 * - `decideOnly(id)`: of a job that succeeded and is expected, if no more than one needs it: quicker than `follow`. Gives that one
 *   if its needs hold it no longer, and then whether there are more that need it.
 * - `follow(jobs)`: lets go, or skips, those of these jobs that their needs hold no longer; then those that needed one that
 *   has ended, and so on. Gives all that moved.
 * - `resume(size)`: goes on with ended jobs of which edges were left, at most so many; gives what moved, and whether there
 *   are more. `finish(job)`: the same for one job, to the last edge.
 *
 * An edge is decided in the step in which the job that is needed ends, and only if it is open then.
 */
const edgeKeeper = `
local function openEdges()
  if edges then return end
  edges = {}
  ${edgeRows}  local SKIP = ${luaCell(transitions.blocked.skip)}
  local HOLDING, NEEDERS, DECIDING = P .. "held", P .. "needed", P .. "deciding"
  -- by job that is needed: what "needed" says
  local needers = {}
  local left = ${budget}

  function edges.enter(job) call("ZADD", HOLDING, job[SEQ], job[ID]) end
  function edges.leave(job) call("ZREM", HOLDING, job[ID]) end

  local function letGo(job, delay)
    leave(job)
    job[MARKS] = job[MARKS] - HELD
    job[RUN_AT] = math.max(job[RUN_AT], now + delay)
    job[STATE] = job[RUN_AT] > now and SCHEDULED or READY
    if job[KIND] >= GATED then gates.place(job, BLOCKED, true) end
    enter(job)
    save(job)
  end

  -- whether a job that its needs hold waits for them no longer
  local function leaveNeeds(job)
    local head = learn(job[ID], {}).head
    local found = edges.verdictOf(head)
    if found == "wait" then return false end
    if found == "go" then letGo(job, head[2]) else apply(job, SKIP, { reason = found }) end
    return true
  end

  function edges.expect(ids)
    local wanted, children = {}, {}
    for i, value in ipairs(readMany(NEEDERS, ids)) do
      needers[ids[i]] = value
      if value and value ~= "*" then
        if not wanted[value] then children[#children + 1] = value end
        local list = listAt(wanted, value)
        list[#list + 1] = ids[i]
      end
    end
    for child, others in pairs(wanted) do learn(child, others) end
    loadAll(children)
  end

  -- those that need a job, from a place on, at most as many as are left; where to go on, if there are more
  local function needersOf(id, after)
    local only = needers[id]
    if only == nil then only = call("HGET", NEEDERS, id) end
    if not only then return {} end
    if left < 1 then return {}, after end
    if only ~= "*" then return { only } end
    local from, size = "(" .. format("%.0f", after), math.min(left, 2000)
    local entries = call("ZRANGEBYSCORE", P .. "needed:" .. id, from, "+inf", "WITHSCORES", "LIMIT", 0, size)
    local ids = {}
    for i = 1, #entries, 2 do ids[#ids + 1] = entries[i] end
    return ids, #ids == size and entries[#entries] or nil
  end

  -- decides the open edges to a job that has ended
  local function decide(job, after, queue)
    local ids, rest = needersOf(job[ID], after)
    if rest then call("ZADD", DECIDING, rest, job[ID]) end
    left = left - #ids
    local kind, others = kindOf(job), { job[ID] }
    for i, child in ipairs(loadAll(ids)) do
      local edge = child and learn(ids[i], others).of[job[ID]]
      if edge and byte(edge, 2) == 49 then
        local condition = byte(edge) - 48
        set(ids[i], job[ID], condition, DECISIONS[condition][kind])
        queue[#queue + 1] = child
      end
    end
  end

  function edges.decideOnly(id)
    local only = needers[id]
    if only == "*" then return nil, true end
    local edge = only and loaded[only] and known[only].of[id]
    if not edge or byte(edge, 2) ~= 49 then return nil end
    local condition = byte(edge) - 48
    set(only, id, condition, DECISIONS[condition][ENDS[SUCCEEDED]])
    local child = loaded[only]
    return isHeld(child) and edges.verdictOf(known[only].head) ~= "wait" and child or nil
  end

  local function follow(queue)
    local moved, at = {}, 1
    while queue[at] do
      local job = queue[at]
      if isHeld(job) and leaveNeeds(job) then moved[#moved + 1] = job end
      if job[STATE] >= SUCCEEDED and isNeeded(job) then decide(job, -1, queue) end
      at = at + 1
    end
    return moved
  end

  function edges.follow(jobs)
    left = left + #jobs
    local queue = {}
    for i, job in ipairs(jobs) do queue[i] = job end
    return follow(queue)
  end

  local function goOn(job, after)
    call("ZREM", DECIDING, job[ID])
    local queue = {}
    decide(job, tonumber(after), queue)
    return follow(queue)
  end

  function edges.resume(size)
    local entries, moved = call("ZRANGE", DECIDING, 0, size - 1, "WITHSCORES"), {}
    for i = 1, #entries, 2 do
      local job = loadAll({ entries[i] })[1]
      if not job or job[STATE] < SUCCEEDED then
        call("ZREM", DECIDING, entries[i])
      elseif left > 0 then
        for _, one in ipairs(goOn(job, entries[i + 1])) do moved[#moved + 1] = one end
      end
    end
    return moved, call("EXISTS", DECIDING) == 1
  end

  function edges.finish(job)
    local moved, kept = {}, left
    left = math.huge
    repeat
      local after = call("ZSCORE", DECIDING, job[ID])
      for _, one in ipairs(after and goOn(job, after) or {}) do moved[#moved + 1] = one end
    until not after
    left = kept
    return moved
  end
end
`;

/**
 * Lua of gates and edges together, opened. `letOn(jobs, shut)` lets on whoever waited for these jobs, by edges and at gates,
 * and gives how many edges moved. shut: their own gates are left to the next promotion.
 */
export const edgesAndGates = `${gateKeeper}${edgeKeeper}
openGates()
openEdges()

local function openGatesOf(jobs, moved)
  local open = {}
  for _, job in ipairs(jobs) do
    if job[KIND] >= GATED then open[#open + 1] = job end
  end
  for _, job in ipairs(moved) do
    if job[KIND] >= GATED then open[#open + 1] = job end
  end
  if #open > 0 then gates.admit(open) end
end

local function letOn(jobs, shut)
  if shut then
    for _, job in ipairs(jobs) do
      if job[KIND] >= GATED then gates.leaveClosed(job) end
    end
  end
  local moved = edges.follow(jobs)
  openGatesOf(shut and {} or jobs, moved)
  return #moved
end

-- whether the end of a job, or its way back, is of interest to others
local function concerns(job) return job[KIND] >= GATED or job[STATE] >= SUCCEEDED and isNeeded(job) end
`;
