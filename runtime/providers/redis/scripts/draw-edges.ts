import { formats, fullHead, shortHead, sizes } from "./head.ts";

/**
 * Lua that draws the edges of new jobs, for scripts that have `edgesAndGates` and `enqueueRuns`. In `drawing` there are:
 *
 * - `read(at)`: reads what ARGV says from there on; gives where that ends. Number of groups of jobs that have like edges; per
 *   group: mode (empty: they need none), delay when their needs let them go, number of needs, needs, number of jobs that are
 *   to need them, these, number of jobs, their ids. A need is its condition, more by 4 if that job stands earlier in the call,
 *   and the id in one text.
 * - `refusal()`: code and id of what forbids that, if anything does. Before anything is written.
 * - `draw()`: after the jobs were written; gives those that need others.
 */
export const edgeDrawer = `
-- in a function, as Lua allows a script no more than 200 local variables
local drawing = {}
local function openDrawing()
  local groups = {}

  function drawing.read(at)
    local size = tonumber(ARGV[at])
    at = at + 1
    for i = 1, size do
      local group = { mode = ARGV[at], delay = tonumber(ARGV[at + 1]) }
      at = at + 2
      -- places in ARGV: the first and the last one
      for _, name in ipairs({ "needs", "neededBy", "ids" }) do
        group[name] = { at + 1, at + tonumber(ARGV[at]) }
        at = group[name][2] + 1
      end
      groups[i] = group
    end
    return at
  end

  -- by id: values of plain ready jobs, the most that are needed, which do without a table
  local plain = {}

  local function isEarlier(need) return byte(need) > 52 end

  local function loadNamed()
    local ids = {}
    for _, group in ipairs(groups) do
      for place = group.needs[1], group.needs[2] do
        if not isEarlier(ARGV[place]) then ids[#ids + 1] = sub(ARGV[place], 2) end
      end
      for place = group.neededBy[1], group.neededBy[2] do ids[#ids + 1] = sub(ARGV[place], 2) end
    end
    local found, values = readHeads(ids)
    for i, id in ipairs(ids) do
      if values[i] and isShort(values[i]) then
        plain[id] = values[i]
      elseif found[i] and not loaded[id] then
        loaded[id] = parse(id, values[i], found[i])
      end
    end
  end

  local function refusalOf(group)
    for place = group.needs[1], group.needs[2] do
      local id = sub(ARGV[place], 2)
      if not isEarlier(ARGV[place]) and not loaded[id] and not plain[id] then return { "JW_NO_PREREQUISITE", id } end
    end
    for place = group.neededBy[1], group.neededBy[2] do
      local child = loaded[sub(ARGV[place], 2)]
      if not child or not isHeld(child) then return { "JW_BATCH_CLOSED", sub(ARGV[place], 2) } end
    end
  end

  function drawing.refusal()
    if #groups == 0 then return nil end
    loadNamed()
    for _, group in ipairs(groups) do
      local found = refusalOf(group)
      for place = group.ids[1], found and group.ids[2] or 0 do
        -- What is there already is a duplicate.
        if not loadAll({ ARGV[place] })[1] then return found end
      end
    end
  end

  -- of all edges of the call: jobs that are needed, jobs that need; by job that needs: its list
  local needed, needing, lists = {}, {}, {}

  local function keep(list, need, parent, child)
    list[#list + 1] = need
    local last = #needed + 1
    needed[last], needing[last] = parent, child
  end

  -- by job that is marked, as nobody needs others: the only one that needs it, or "*"
  local function knownNeeders()
    local ids, known = {}, {}
    for _, id in ipairs(needed) do
      if loaded[id] and isNeeded(loaded[id]) then ids[#ids + 1] = id end
    end
    for i, value in ipairs(readMany(P .. "needed", ids)) do known[ids[i]] = value end
    return known
  end

  -- who needs whom, also for those that end; of several values for one job the last counts
  local function keepNeeders()
    local known, values, more = knownNeeders(), {}, {}
    local number = call("HINCRBY", KEYS[1], "edge", #needed) - #needed
    for i, id in ipairs(needed) do
      local before, child = known[id], needing[i]
      if before then
        local list = listAt(more, id)
        if before ~= "*" then list[1], list[2] = 0, before end
        local last = #list
        list[last + 1], list[last + 2] = number + i, child
        child = "*"
      end
      if before ~= "*" then
        local last = #values
        values[last + 1], values[last + 2], known[id] = id, child, child
      end
    end
    many("HSET", P .. "needed", values)
    for id, list in pairs(more) do many("ZADD", P .. "needed:" .. id, list) end
  end

  -- as "save" would write it
  local function markedPlain(value)
    local first, lane, seq, enqueuedAt, maxCrashes = unpackBytes("${shortHead}", value)
    return pack(
      "${fullHead}", ${formats.full}, first - ${formats.short}, READY, NEEDED, lane, 0, 0, 0, 0, NONE, NONE, NONE, 0, 0, seq,
      enqueuedAt, maxCrashes, enqueuedAt, 0) .. sub(value, ${sizes.shortHead + 1})
  end

  -- those of this call are marked already
  local function markNeeded()
    local values = {}
    for _, id in ipairs(needed) do
      local job = not written[id] and loaded[id]
      if job and not isNeeded(job) then
        job[MARKS] = job[MARKS] + NEEDED
        save(job)
      elseif not job and plain[id] then
        local last = #values
        values[last + 1], values[last + 2] = id, markedPlain(plain[id])
      end
    end
    many("HSET", JOBS, values)
  end

  local function drawNeeds(group, id)
    edges.begin(id, group.mode, group.delay)
    local list = listAt(lists, id)
    for place = group.needs[1], group.needs[2] do
      local need = ARGV[place]
      local parent = sub(need, 2)
      local condition = (byte(need) - 49) % 4 + 1
      if isEarlier(need) then need = string.char(48 + condition) .. parent end
      -- One that stands earlier in the call may have been there.
      local isOpen = written[parent] or plain[parent] and not loaded[parent]
      edges.add(id, parent, condition, isOpen and 1 or edges.statusOf(condition, loadAll({ parent })[1]))
      keep(list, need, parent, id)
    end
  end

  local function drawNeededBy(group, id)
    for place = group.neededBy[1], group.neededBy[2] do
      local child, condition = sub(ARGV[place], 2), byte(ARGV[place]) - 48
      edges.learn(child, {})
      edges.add(child, id, condition, 1)
      keep(listAt(lists, child), string.char(48 + condition) .. id, id, child)
    end
  end

  -- ids of new jobs that need others
  local function drawAll()
    local ids, seen = {}, {}
    for _, group in ipairs(groups) do
      for place = group.ids[1], group.ids[2] do
        local id = ARGV[place]
        if written[id] and not seen[id] then
          seen[id] = true
          if group.mode ~= "" then
            ids[#ids + 1] = id
            drawNeeds(group, id)
          end
          drawNeededBy(group, id)
        end
      end
    end
    return ids
  end

  function drawing.draw()
    local ids, held = drawAll(), {}
    if #needed > 0 then
      keepNeeders()
      markNeeded()
      for id, list in pairs(lists) do many("RPUSH", P .. "needs:" .. id, list) end
    end
    local jobs = loadAll(ids)
    for i, job in ipairs(jobs) do held[2 * i - 1], held[2 * i] = job[SEQ], job[ID] end
    many("ZADD", P .. "held", held)
    return jobs
  end
end
openDrawing()
`;
