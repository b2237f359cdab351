import { fullHead } from "./head.ts";

/** Lua that writes what has changed, tells others, and gives the reply its first two entries; for scripts that mention it. */
export const writing = `
local function writeHeads()
  many("HSET", HEADS, heads)
  heads, headsSize = {}, 0
end

local function writeJobs()
  local values = {}
  for i = 1, changedSize do
    local job = changed[i]
    job[CHANGED] = false
    local id, head = job[ID], pack("${fullHead}", unpack(job, FORMAT, PRIORITY))
    if job[FENCE] > 0 then
      heads[headsSize + 1], heads[headsSize + 2] = id, head
      headsSize = headsSize + 2
    else
      values[#values + 1] = id
      values[#values + 1] = head .. (job[KIND] % 2 == 1 and "" or payloadOf(job))
    end
  end
  changed, changedSize = {}, 0
  writeHeads()
  many("HSET", JOBS, values)
end

local function writeRemoved()
  for key, members in pairs(removed) do many("ZREM", key, members) end
end

local function writeReady()
  for lane, members in pairs(readied) do many("ZADD", P .. "ready:" .. lane, members) end
end

local function writeEnded()
  for field, seqs in pairs(ended) do
    call("ZADD", finalKey(floor(field / 16), field % 16), now, table.concat(seqs))
  end
end

local function writeSets()
  writeRemoved()
  writeReady()
  many("ZADD", SCHEDULE, scheduled)
  writeEnded()
end

-- claim: as text; by: how many of its jobs run no more
local function endClaim(claim, by)
  local held = claim .. ":held"
  if call("HINCRBY", P .. "claims", held, -by) > 0 then return end
  local value = call("HGET", P .. "claims", claim)
  local entry = value and cmsgpack.unpack(value) or { "", "" }
  call("HDEL", P .. "worker:" .. entry[1], entry[2])
  call("HDEL", P .. "claims", claim, held)
  call("ZREM", P .. "leases", claim)
end

local function endClaims()
  for claim, by in pairs(released) do endClaim(format("%.0f", claim), by) end
end

local function writeCounts()
  for field, by in pairs(counted) do
    local lane, state = floor(field / 16), field % 16
    local total = by ~= 0 and call("HINCRBY", P .. "counts", lane .. ":" .. state, by)
    -- Whoever waits found the lane empty or paused, so only the first job of a lane has to wake somebody.
    if total and total == by and state == READY then woken[laneOf(lane)[1]] = true end
    if total == 0 then
      call("HDEL", P .. "counts", lane .. ":" .. state)
      if state >= SUCCEEDED then call("DEL", finalKey(lane, state)) end
    end
  end
end
`;

/** What `reply` does, in this order: each if the script has what it is about. */
export const closing: readonly { readonly about: string; readonly step: string }[] = [
  { about: "changed", step: "writeJobs()" },
  { about: "heads", step: "writeHeads()" },
  { about: "edges", step: "if edges then edges.write() end" },
  { about: "removed", step: "writeRemoved()" },
  { about: "readied", step: "writeReady()" },
  { about: "scheduled", step: 'many("ZADD", SCHEDULE, scheduled)' },
  { about: "ended", step: "writeEnded()" },
  { about: "released", step: "endClaims()" },
  { about: "counted", step: "writeCounts()" },
  { about: "woken", step: 'for queue in pairs(woken) do call("PUBLISH", P .. "ready", ARGV[2] .. queue) end' },
  { about: "settled", step: 'if settled then call("PUBLISH", P .. "settled", ARGV[2]) end' },
];
