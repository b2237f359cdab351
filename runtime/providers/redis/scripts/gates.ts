import { flushSets } from "./flush-sets.ts";
import { passedUnit } from "./head.ts";

/** A call lets through so many jobs besides those that it touched; `promote` goes on from there. */
const budget = 1_000;

/**
 * Lua that knows who may pass which gate: the rule of `memory/gates.ts`. After `openGates()` there are, in `gates`:
 *
 * - `keep(id, list)`, `of(id)`: the gates of a job.
 * - `leave`, `enter`, `place`: for the prelude, which keeps the sets of a job by its state.
 * - `admit(jobs, keys)`: opens the gates of these jobs, and those with these keys, as far as they have room; how many jobs
 *   passed one.
 * - `leaveClosed(job)`: leaves that to the next promotion.
 * - `started(job)`: the job counts for rates from now on.
 *
 * No group is looked at in vain: one at which jobs wait has no room, or stands in `opening` with the time from which it may
 * have some. All is made by `openGates`, so that scripts that rarely meet a gate pay for one function.
 */
export const gateKeeper = `${flushSets}
local function openGates()
  if gates then return end
  gates = {}
  -- places in a gate
  local POLICY, GATE, TYPE, LEVEL = 1, 2, 3, 4
  local OPENING, STARTING = P .. "opening", P .. "starting"
  local lists, limits, longest, left = {}, nil, 0, ${budget}

  function gates.of(id)
    lists[id] = lists[id] or cmsgpack.unpack(call("HGET", P .. "gates", id))
    return lists[id]
  end
  local of = gates.of
  function gates.keep(id, list) lists[id] = list end

  function gates.learn(ids)
    local fresh = {}
    for _, id in ipairs(ids) do
      if not lists[id] then fresh[#fresh + 1] = id end
    end
    for i, value in ipairs(readMany(P .. "gates", fresh)) do lists[fresh[i]] = value and cmsgpack.unpack(value) or nil end
  end

  local function learnLimits()
    limits = {}
    local entries = call("HGETALL", P .. "limits")
    for i = 1, #entries, 2 do
      local limit = cmsgpack.unpack(entries[i + 1])
      limits[entries[i]] = limit
      longest = math.max(longest, limit[3] or 0)
    end
  end

  local function limitOf(gate)
    if not limits then learnLimits() end
    return limits[gate[POLICY]] or { gate[TYPE], 1 }
  end

  local function passedOf(job) return floor(job[KIND] / ${passedUnit}) % 16 end
  local function setPassed(job, passed) job[KIND] = job[KIND] + ${passedUnit} * (passed - passedOf(job)) end
  local function waitingAt(gate) return P .. "waiting:" .. gate[GATE] end
  local function waitingMember(job) return bytesOf(job[RUN_AT]) .. bytesOf(job[SEQ]) .. job[ID] end

  function gates.leave(job)
    local gate = of(job[ID])[passedOf(job) + 1]
    call("ZREM", waitingAt(gate), waitingMember(job))
    if call("EXISTS", waitingAt(gate)) == 0 then call("SREM", P .. "groups:" .. gate[POLICY], gate[GATE]) end
  end

  function gates.enter(job)
    local gate = of(job[ID])[passedOf(job) + 1]
    call("ZADD", waitingAt(gate), gate[TYPE] == "order" and job[SEQ] or job[PRIORITY], waitingMember(job))
    call("SADD", P .. "groups:" .. gate[POLICY], gate[GATE])
  end

  -- whether a job in this state that has passed a gate takes a place there
  local function counts(kind, state)
    if kind == "order" then return state < SUCCEEDED end
    return state == BLOCKED or state == READY or kind == "concurrency" and state == RUNNING
  end

  -- writes whom a job stands in the way of since it was in another state and had passed so many gates
  local function recount(job, list, state, passed)
    local passes = passedOf(job)
    for i = 1, math.max(passed, passes) do
      local kind = list[i][TYPE]
      local is = i <= passes and counts(kind, job[STATE])
      if is ~= (i <= passed and counts(kind, state)) then
        call(is and "SADD" or "SREM", P .. "passed:" .. list[i][GATE], job[ID])
      end
    end
  end

  -- before its next gate, or for its time, which counts behind the gate of the order
  local function hold(job, list)
    local ahead = list[passedOf(job) + 1]
    if ahead and (job[STATE] == READY or ahead[TYPE] == "order") then job[STATE] = BLOCKED end
  end

  -- A job that waits again gives back what it has passed, but for the order.
  function gates.place(job, state, anew)
    local list, passed = of(job[ID]), passedOf(job)
    if job[STATE] == READY or job[STATE] == SCHEDULED then
      setPassed(job, not anew and list[1][TYPE] == "order" and math.min(passed, 1) or 0)
      hold(job, list)
    end
    recount(job, list, state, passed)
  end

  local function pass(job, gate)
    local list, passed = of(job[ID]), passedOf(job)
    leave(job)
    if gate[TYPE] == "fair" then job[RUN_AT] = now end
    setPassed(job, passed + 1)
    job[STATE] = job[RUN_AT] > now and SCHEDULED or READY
    hold(job, list)
    recount(job, list, BLOCKED, passed)
    enter(job)
    save(job)
  end

  -- how many jobs may pass; how many could if none had started
  local function roomAt(gate)
    local limit = limitOf(gate)
    local room = limit[2] - call("SCARD", P .. "passed:" .. gate[GATE])
    if gate[TYPE] ~= "rate" or room < 1 then return room, room end
    local since = "(" .. format("%.17g", now - (limit[3] or 0))
    return room - call("ZCOUNT", P .. "starts:" .. gate[GATE], since, "+inf"), room
  end

  -- when a rate gate that is closed opens by itself
  local function opensAt(gate, room)
    if gate[TYPE] ~= "rate" or room < 1 then return nil end
    local start = call("ZREVRANGE", P .. "starts:" .. gate[GATE], room - 1, room - 1, "WITHSCORES")[2]
    return start and tonumber(start) + (limitOf(gate)[3] or 0)
  end

  -- the first jobs of a group, at most so many
  local function firstOf(gate, size)
    if size < 1 then return {} end
    local members, ids, jobs = call("ZRANGE", waitingAt(gate), 0, size - 1), {}, {}
    for i, member in ipairs(members) do ids[i] = sub(member, 13) end
    gates.learn(ids)
    for i, job in ipairs(loadAll(ids)) do
      if job and job[STATE] == BLOCKED then jobs[#jobs + 1] = job else call("ZREM", waitingAt(gate), members[i]) end
    end
    return jobs
  end

  -- lets through whoever has room; touch is told of each
  local function serve(gate, touch)
    local room, places, size
    repeat
      room, places = roomAt(gate)
      local jobs = firstOf(gate, math.min(room, left, 500))
      size = #jobs
      for _, job in ipairs(jobs) do
        pass(job, gate)
        touch(job)
      end
      left = left - size
    until size == 0
    local due = room > 0 and 0 or opensAt(gate, places)
    if due and call("EXISTS", waitingAt(gate)) == 1 then
      call("ZADD", OPENING, due, gate[GATE])
    else
      call("ZREM", OPENING, gate[GATE])
    end
  end

  function gates.admit(jobs, keys)
    local levels, seen, passed = {}, {}, 0
    local function add(gate)
      if seen[gate[GATE]] then return end
      seen[gate[GATE]] = true
      local list = listAt(levels, gate[LEVEL])
      list[#list + 1] = gate
    end
    local function touch(job)
      for _, gate in ipairs(of(job[ID])) do add(gate) end
    end
    left = left + #jobs
    for _, job in ipairs(jobs) do touch(job) end
    for _, key in ipairs(keys or {}) do
      local job = firstOf({ false, key }, 1)[1]
      if job then add(of(job[ID])[passedOf(job) + 1]) else call("ZREM", OPENING, key) end
    end
    for level = 0, 7 do
      for _, gate in ipairs(levels[level] or {}) do
        serve(gate, function(job)
          passed = passed + 1
          touch(job)
        end)
      end
    end
    if passed > 0 then flushSets() end
    return passed
  end

  function gates.leaveClosed(job)
    for _, gate in ipairs(of(job[ID])) do
      if call("EXISTS", waitingAt(gate)) == 1 then call("ZADD", OPENING, 0, gate[GATE]) end
    end
  end

  function gates.started(job)
    for _, gate in ipairs(of(job[ID])) do
      if gate[TYPE] == "rate" then
        local key = P .. "starts:" .. gate[GATE]
        limitOf(gate)
        call("ZADD", key, now, format("%.0f", job[FENCE]) .. job[ID])
        call("ZREMRANGEBYSCORE", key, "-inf", now - longest)
        call("ZADD", STARTING, now, gate[GATE])
      end
    end
  end

  -- forgets starts that no window reaches, of at most so many groups
  function gates.forgetStarts(size)
    if not limits then learnLimits() end
    local old = call("ZRANGEBYSCORE", STARTING, "-inf", now - longest, "LIMIT", 0, size)
    for _, key in ipairs(old) do call("DEL", P .. "starts:" .. key) end
    many("ZREM", STARTING, old)
  end
end
`;
