/**
 * Lua that draws the edges of new jobs, for scripts that have `edgesAndGates` and `enqueueRuns`. In `drawing` there are:
 *
 * - `read(at)`: reads what ARGV says from there on; gives where that ends. Number of jobs with edges; per job: id, mode
 *   (empty: it needs none), delay when its needs let it go, number of needs; per need: condition, 1 if it stands earlier in
 *   the call else 0, id; number of jobs that are to need it; per such: condition, id.
 * - `refusal()`: code and id of what forbids that, if anything does. Before anything is written.
 * - `draw()`: after the jobs were written; gives those that need others.
 */
export const edgeDrawer = `
-- in a function, as Lua allows a script no more than 200 local variables
local drawing = {}
local function openDrawing()
  local drawn = {}

  local function readNeed(at, hasEarlier)
    return { condition = ARGV[at], earlier = hasEarlier and ARGV[at + 1] == "1", id = ARGV[at + (hasEarlier and 2 or 1)] }
  end

  function drawing.read(at)
    local size = tonumber(ARGV[at])
    at = at + 1
    for i = 1, size do
      local one = { id = ARGV[at], mode = ARGV[at + 1], delay = tonumber(ARGV[at + 2]), needs = {}, neededBy = {} }
      local last = at + 4 + 3 * tonumber(ARGV[at + 3])
      for place = at + 4, last - 1, 3 do one.needs[#one.needs + 1] = readNeed(place, true) end
      at = last + 1 + 2 * tonumber(ARGV[last])
      for place = last + 1, at - 1, 2 do one.neededBy[#one.neededBy + 1] = readNeed(place, false) end
      drawn[i] = one
    end
    return at
  end

  local function loadNamed()
    local ids = {}
    for _, one in ipairs(drawn) do
      ids[#ids + 1] = one.id
      for _, need in ipairs(one.needs) do
        if not need.earlier then ids[#ids + 1] = need.id end
      end
      for _, need in ipairs(one.neededBy) do ids[#ids + 1] = need.id end
    end
    loadAll(ids)
  end

  function drawing.refusal()
    if #drawn == 0 then return nil end
    loadNamed()
    for _, one in ipairs(drawn) do
      if not loaded[one.id] then
        for _, need in ipairs(one.needs) do
          if not need.earlier and not loaded[need.id] then return { "JW_NO_PREREQUISITE", need.id } end
        end
        for _, need in ipairs(one.neededBy) do
          local child = loaded[need.id]
          if not child or not isHeld(child) then return { "JW_BATCH_CLOSED", need.id } end
        end
      end
    end
  end

  -- of all edges of the call: jobs that are needed, jobs that need; by job that needs: its list
  local needed, needing, lists = {}, {}, {}

  local function draw(child, parent, condition, status)
    edges.set(child, parent, condition, status)
    local list = listAt(lists, child)
    list[#list + 1] = condition .. parent
    needed[#needed + 1], needing[#needing + 1] = parent, child
  end

  -- who needs whom, also for those that end
  local function keepNeeders()
    local key, only, more = P .. "needed", {}, {}
    local number = call("HINCRBY", KEYS[1], "edge", #needed) - #needed
    local before = readMany(key, needed)
    for i, id in ipairs(needed) do
      local known = only[id] or before[i]
      if known then
        local list = listAt(more, id)
        if known ~= "*" then list[1], list[2] = 0, known end
        local last = #list
        list[last + 1], list[last + 2] = number + i, needing[i]
      end
      only[id] = known and "*" or needing[i]
    end
    local values = {}
    for id, value in pairs(only) do
      values[#values + 1] = id
      values[#values + 1] = value
    end
    many("HSET", key, values)
    for id, list in pairs(more) do many("ZADD", P .. "needed:" .. id, list) end
  end

  -- those of this call are marked already
  local function markNeeded()
    for i, job in ipairs(loadAll(needed)) do
      if job and not written[needed[i]] and not isNeeded(job) then
        job[MARKS] = job[MARKS] + NEEDED
        save(job)
      end
    end
  end

  local function drawOne(one)
    if one.mode ~= "" then edges.begin(one.id, one.mode, one.delay) end
    for _, need in ipairs(one.needs) do
      local status = written[need.id] and 1 or edges.statusOf(need.condition, loaded[need.id] or loadAll({ need.id })[1])
      draw(one.id, need.id, need.condition, status)
    end
    for _, need in ipairs(one.neededBy) do
      edges.learn(need.id, {})
      draw(need.id, one.id, need.condition, 1)
    end
  end

  function drawing.draw()
    local ids, held, seen = {}, {}, {}
    for _, one in ipairs(drawn) do
      if written[one.id] and not seen[one.id] then
        seen[one.id] = true
        drawOne(one)
        if one.mode ~= "" then ids[#ids + 1] = one.id end
      end
    end
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
