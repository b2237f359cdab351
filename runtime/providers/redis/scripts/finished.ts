import { record } from "./inspect.ts";
import { defineScript } from "./script.ts";

/**
 * A part of the jobs that ended since a time, by the time of their end, then by their seq.
 *
 * ARGV[3…] since; time and seq after which it begins; limit
 * Returns  now; records; 1 if there are more, else 0
 */
export const finished = defineScript("finished", {
  kind: "read",
  body: `${record}
local since, afterTime, afterSeq, limit = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local from = format("%.17g", math.max(since, afterTime))

local keys = { P .. "aside" }
for _, field in ipairs(call("HKEYS", P .. "counts")) do
  local lane, state = string.match(field, "^(%d+):(%d+)$")
  if tonumber(state) >= SUCCEEDED then keys[#keys + 1] = finalKey(lane, state) end
end

-- The ends in all sets, as {time, seq}, of so many members of each; before which time these are all.
local function collect(size)
  local ends, whole = {}, math.huge
  for _, key in ipairs(keys) do
    local entries = call("ZRANGEBYSCORE", key, from, "+inf", "WITHSCORES", "LIMIT", 0, size)
    for i = 1, #entries, 2 do
      local time = tonumber(entries[i + 1])
      for at = 1, #entries[i], 6 do
        local seq = unpackBytes(">I6", entries[i], at)
        if time > afterTime or seq > afterSeq then ends[#ends + 1] = { time, seq } end
      end
    end
    if #entries == 2 * size then whole = math.min(whole, tonumber(entries[#entries])) end
  end
  table.sort(ends, function(a, b) return a[1] < b[1] or a[1] == b[1] and a[2] < b[2] end)
  return ends, whole
end

-- the job that ended so, unless it waits again, ended at another time, or stands in another set as well
local seen = {}
local function jobOf(time, seq)
  local id = call("HGET", P .. "index:" .. chunkOf(seq), string.char(seq % 64))
  local job = id and not seen[id] and loadAll({ id })[1]
  if not job or job[STATE] < SUCCEEDED or job[FINISHED_AT] ~= time then return nil end
  seen[id] = true
  return job
end

local function take(size)
  local found = {}
  local ends, whole = collect(size)
  seen = {}
  for _, entry in ipairs(ends) do
    if entry[1] >= whole then return found, false end
    found[#found + 1] = jobOf(entry[1], entry[2])
    if #found > limit then return found, true end
  end
  return found, whole == math.huge
end

local size, found, enough = limit + 1, nil, nil
repeat
  found, enough = take(size)
  size = 4 * size
until enough
local isMore = #found > limit
if isMore then found[#found] = nil end
return reply({ format("%.17g", now), recordsOf(found), isMore and 1 or 0 })
`,
});
