import { defineScript } from "./script.ts";

/**
 * Moves every lease of a worker forward. The heads of its jobs are not written: the end of a lease is a score.
 *
 * ARGV[3…] workerId, leaseMs
 * Returns  per lease, in insertion order of the jobs: id, fence, leaseUntil, 1 if a cancellation was requested else 0
 */
export const extend = defineScript("extend", {
  kind: "free",
  body: `
local leaseUntil = now + tonumber(ARGV[4])
local jobs = {}
for _, name in ipairs(call("HVALS", P .. "worker:" .. ARGV[3])) do
  local claim = tonumber(name)
  local held, entry = heldBy(claim)
  call("ZADD", LEASES, "XX", leaseUntil, claim)
  -- What has been settled is looked at once, not at every heartbeat.
  if 2 * #held < #entry - 2 then
    local kept = { entry[1], entry[2] }
    for _, job in ipairs(held) do kept[#kept + 1] = job[ID] end
    call("HSET", P .. "claims", claim, cmsgpack.pack(kept))
  end
  for _, job in ipairs(held) do jobs[#jobs + 1] = job end
end
table.sort(jobs, function(a, b) return a[SEQ] < b[SEQ] end)
local result = {}
for _, job in ipairs(jobs) do result[#result + 1] = { job[ID], job[FENCE], leaseUntil, job[MARKS] % 2 } end
return reply(result)
`,
});
