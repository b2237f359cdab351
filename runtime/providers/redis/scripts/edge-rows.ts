import { edgeStatuses, needConditions } from "../../../contract/index.ts";
import { edgeTables } from "./decision-table.ts";

/**
 * Lua that reads and writes the edges of jobs, for `edges.ts`. It adds to `edges`:
 *
 * - `learn(id, others)`: what is known of the edges of a job to these.
 * - `begin(id, mode, delay)`, `add(id, other, condition, status)`: of a new job; of a new edge of a job that is known.
 * - `statusOf(condition, job)`: of an edge to a job, as that is now; one that is not there has failed.
 * - `verdictOf(head)`: what the edges of a job, taken together, mean for it.
 * - `lookAnew(job)`: sets its edges as those that it needs are now. `mend(job)`: only those that are open; counts all, and gives
 *   how many there are.
 * - `write`: for the reply of the prelude.
 *
 * How many edges a job has in which status is kept beside them and written with them.
 */
export const edgeRows = `${edgeTables}
  -- by job that needs: {head = {mode, delay, number of edges by status…}, of = {by job that is needed: condition, status}}
  local known, unwritten = {}, {}

  local function keyOf(id) return P .. "edges:" .. id end

  function edges.learn(id, others)
    local entry = known[id] or { of = {} }
    known[id] = entry
    local fresh = entry.head and {} or { "#" }
    for _, other in ipairs(others) do
      if entry.of[other] == nil then fresh[#fresh + 1] = other end
    end
    if #fresh == 0 then return entry end
    for i, value in ipairs(readMany(keyOf(id), fresh)) do
      if fresh[i] == "#" then
        entry.head = value and cmsgpack.unpack(value) or { "all", 0${", 0".repeat(edgeStatuses.length)} }
      else
        entry.of[fresh[i]] = value
      end
    end
    return entry
  end
  local learn = edges.learn

  function edges.begin(id, mode, delay)
    known[id] = { head = { mode, delay${", 0".repeat(edgeStatuses.length)} }, of = {} }
    unwritten[id] = {}
  end

  local function countEdge(head, status, by) head[2 + status] = head[2 + status] + by end

  -- These are compared and written often, and numbers become text slowly.
  local TEXTS = {}
  for condition = 1, ${needConditions.length} do
    TEXTS[condition] = {}
    for status = 1, ${edgeStatuses.length} do TEXTS[condition][status] = condition .. status end
  end

  local function add(id, other, condition, status)
    local entry, list = known[id], listAt(unwritten, id)
    countEdge(entry.head, status, 1)
    entry.of[other] = TEXTS[condition][status]
    list[#list + 1] = other
  end
  edges.add = add

  local function set(id, other, condition, status)
    local before = known[id].of[other]
    if before then countEdge(known[id].head, byte(before, 2) - 48, -1) end
    add(id, other, condition, status)
  end

  function edges.write()
    for id, others in pairs(unwritten) do
      local entry, values = known[id], {}
      values[1], values[2] = "#", cmsgpack.pack(entry.head)
      for i, other in ipairs(others) do values[2 * i + 1], values[2 * i + 2] = other, entry.of[other] end
      many("HSET", keyOf(id), values)
    end
    unwritten = {}
  end

  local function kindOf(job)
    if not job then return ENDS[DEAD] end
    return job[STATE] == SKIPPED and SKIPS[job[REASON]] or ENDS[job[STATE]]
  end

  function edges.statusOf(condition, job)
    if job and job[STATE] < SUCCEEDED then return 1 end
    return DECISIONS[condition][kindOf(job)]
  end

  function edges.verdictOf(head)
    local sum = 0
    for status = 1, ${edgeStatuses.length} do
      if head[2 + status] > 0 then sum = sum + 2 ^ (status - 1) end
    end
    return VERDICTS[head[1]][sum]
  end

  -- the jobs that one needs, and how they have to end
  local function neededBy(id)
    local ids, conditions = {}, {}
    for i, entry in ipairs(call("LRANGE", P .. "needs:" .. id, 0, -1)) do
      conditions[i], ids[i] = byte(entry) - 48, sub(entry, 2)
    end
    return ids, conditions
  end

  function edges.lookAnew(job)
    local ids, conditions = neededBy(job[ID])
    learn(job[ID], ids)
    for i, other in ipairs(loadAll(ids)) do
      set(job[ID], ids[i], conditions[i], edges.statusOf(conditions[i], other))
    end
  end

  function edges.mend(job)
    local ids, conditions = neededBy(job[ID])
    local entry = learn(job[ID], ids)
    local before, others = cmsgpack.pack(entry.head), loadAll(ids)
    for status = 1, ${edgeStatuses.length} do entry.head[2 + status] = 0 end
    for i, id in ipairs(ids) do
      local edge = entry.of[id]
      if edge then countEdge(entry.head, byte(edge, 2) - 48, 1) end
      if not edge or byte(edge, 2) == 49 then
        local found = edges.statusOf(conditions[i], others[i])
        if not edge or found ~= 1 then set(job[ID], id, conditions[i], found) end
      end
    end
    if cmsgpack.pack(entry.head) ~= before then listAt(unwritten, job[ID]) end
    return #ids
  end
`;
