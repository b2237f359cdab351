import { defineScript } from "./script.ts";

/**
 * Deletes final jobs past their retention, with everything that belongs to them.
 *
 * ARGV[3…] limit; per state: its number, retention in ms
 * Returns  number of deleted jobs
 */
export const prune = defineScript("prune", {
  kind: "free",
  body: `
local left = tonumber(ARGV[3])
local pruned, lanes = {}, {}

-- ids of jobs, by their seqs
local function idsAt(seqs)
  local ids, i = {}, 1
  while i <= #seqs do
    local chunk, first, offsets = floor(seqs[i] / 64), i, {}
    while i <= #seqs and floor(seqs[i] / 64) == chunk do
      offsets[#offsets + 1] = string.char(seqs[i] % 64)
      i = i + 1
    end
    local found = call("HMGET", P .. "index:" .. chunkOf(seqs[first]), unpack(offsets))
    for j = 1, #offsets do ids[first + j - 1] = found[j] or "" end
  end
  return ids
end

-- takes jobs that one call ended at one time, as many as are left; gives the others
local function forget(member, lane, state, finishedAt)
  local seqs = {}
  for at = 1, #member, 6 do seqs[#seqs + 1] = unpackBytes(">I6", member, at) end
  for place, job in ipairs(loadAll(idsAt(seqs))) do
    if left == 0 then return sub(member, 6 * place - 5) end
    -- One that was requeued lives, or ended at another time.
    if job and not job[CHANGED] and job[LANE] == lane and job[STATE] == state and job[FINISHED_AT] == finishedAt then
      job[CHANGED] = true
      pruned[#pruned + 1] = job
      count(lane, state, -1)
      left = left - 1
    end
  end
  return ""
end

local retention = {}
for i = 4, #ARGV, 2 do retention[ARGV[i]] = tonumber(ARGV[i + 1]) end
for _, field in ipairs(call("HKEYS", P .. "counts")) do
  local lane, state = string.match(field, "^(%d+):(%d+)$")
  local key = finalKey(lane, state)
  while retention[state] and left > 0 do
    local oldest = call("ZRANGEBYSCORE", key, "-inf", now - retention[state], "WITHSCORES", "LIMIT", 0, 1)
    if #oldest == 0 then break end
    local rest = forget(oldest[1], tonumber(lane), tonumber(state), tonumber(oldest[2]))
    call("ZREM", key, oldest[1])
    if rest ~= "" then call("ZADD", key, oldest[2], rest) end
  end
end

local ids, long, places = {}, {}, {}
for i, job in ipairs(pruned) do
  ids[i] = job[ID]
  lanes[job[LANE]] = true
  if job[KIND] == 3 then long[#long + 1] = job[ID] end
  local list = listAt(places, chunkOf(job[SEQ]))
  list[#list + 1] = string.char(job[SEQ] % 64)
end
for _, name in ipairs({ "jobs", "heads", "outputs", "errors" }) do many("HDEL", P .. name, ids) end
many("HDEL", P .. "payloads", long)
for chunk, list in pairs(places) do
  call("HDEL", P .. "index:" .. chunk, unpack(list))
  if call("EXISTS", P .. "index:" .. chunk) == 0 then call("ZREM", P .. "index", chunk) end
end

local result = reply(#pruned)
-- A lane goes with its last job.
for lane in pairs(lanes) do
  local used = false
  for state = 1, 8 do
    used = used or call("HEXISTS", P .. "counts", lane .. ":" .. state) == 1
  end
  if not used then
    local known = laneOf(lane)
    call("HDEL", P .. "lanes:" .. known[1], format("%.0f", known[3]) .. ":" .. known[2])
    call("HDEL", P .. "lanes", lane)
  end
end
if #pruned > 0 then call("PUBLISH", P .. "settled", ARGV[2]) end
return result
`,
});
