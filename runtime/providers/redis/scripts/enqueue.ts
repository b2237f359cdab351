import { inlineLimit } from "./prelude.ts";
import { defineScript } from "./script.ts";

/**
 * Persists jobs: all or none. A job whose id is there already is a duplicate and is not written.
 *
 * ARGV[3…] per job: id, queue, name, version, priority, runAt (empty: none), delay, maxCrashes, payload
 * Returns  per job: 1 if it was written else 0, state, runAt
 */
export const enqueue = defineScript("enqueue", {
  kind: "grow",
  body: `
local seq = tonumber(meta[4]) or 0
local known = {}

local function laneFor(queue, name, version)
  local field = version .. ":" .. name
  local key = #queue .. ":" .. queue .. field
  local lane = known[key] or tonumber(call("HGET", P .. "lanes:" .. queue, field))
  if not lane then
    lane = call("HINCRBY", KEYS[1], "lane", 1)
    call("HSET", P .. "lanes:" .. queue, field, lane)
    call("HSET", P .. "lanes", lane, cmsgpack.pack({ queue, name, tonumber(version) }))
  end
  known[key] = lane
  return lane
end

local lastChunk
local function addToIndex(id)
  local chunk = format("%.0f", math.floor(seq / 64))
  call("HSET", P .. "index:" .. chunk, seq % 64, id)
  if chunk ~= lastChunk then call("ZADD", P .. "index", chunk, chunk) end
  lastChunk = chunk
end

local result = {}
for i = 3, #ARGV, 9 do
  local id = ARGV[i]
  local existing = load(id)
  if existing then
    result[#result + 1] = { 0, existing.state, existing.runAt }
  else
    seq = seq + 1
    local runAt = tonumber(ARGV[i + 5]) or now + tonumber(ARGV[i + 6])
    local payload = ARGV[i + 8]
    local short = #payload <= ${inlineLimit}
    local job = {
      id = id, tail = short and payload or "", long = not short, seq = seq,
      lane = laneFor(ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]), state = runAt > now and SCHEDULED or READY,
      priority = tonumber(ARGV[i + 4]), runAt = runAt, enqueuedAt = now, maxCrashes = tonumber(ARGV[i + 7]),
      fence = 0,
    }
    save(job)
    if not short then call("HSET", P .. "payloads", id, payload) end
    addToIndex(id)
    enter(job)
    result[#result + 1] = { 1, job.state, runAt }
  end
end
call("HSET", KEYS[1], "seq", seq)
return reply(result)
`,
});
