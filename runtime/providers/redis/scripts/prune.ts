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
local pruned, lanes = 0, {}

local function forget(member)
  local seq = seqOf(member)
  local job = load(idAt(seq))
  local chunk = format("%.0f", math.floor(seq / 64))
  call("HDEL", P .. "index:" .. chunk, seq % 64)
  if call("EXISTS", P .. "index:" .. chunk) == 0 then call("ZREM", P .. "index", chunk) end
  if not job then return end
  leave(job)
  for _, name in ipairs({ "jobs", "payloads", "outputs", "errors" }) do call("HDEL", P .. name, job.id) end
  lanes[job.lane] = true
  pruned = pruned + 1
end

local retention = {}
for i = 4, #ARGV, 2 do retention[ARGV[i]] = tonumber(ARGV[i + 1]) end
local counted = call("HKEYS", P .. "counts")
for _, field in ipairs(counted) do
  local lane, state = string.match(field, "^(%d+):(%d+)$")
  if retention[state] and left > 0 then
    local key = finalKey(lane, state)
    local old = call("ZRANGEBYSCORE", key, "-inf", now - retention[state], "LIMIT", 0, left)
    for _, member in ipairs(old) do
      forget(member)
      call("ZREM", key, member)
    end
    left = left - #old
  end
end

local result = reply(pruned)
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
if pruned > 0 and not settled then call("PUBLISH", P .. "settled", ARGV[2]) end
return result
`,
});
