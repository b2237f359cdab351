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
for _, member in ipairs(call("ZRANGE", P .. "worker:" .. ARGV[3], 0, -1)) do
  local length = string.match(member, "^%d+")
  local job = load(string.sub(member, #length + tonumber(length) + 3))
  if job and job.state == RUNNING and job.worker == ARGV[3] then
    call("ZADD", LEASES, "XX", leaseUntil, job.id .. ":" .. format("%.0f", job.fence))
    jobs[#jobs + 1] = job
  end
end
table.sort(jobs, function(a, b) return a.seq < b.seq end)
local result = {}
for _, job in ipairs(jobs) do
  result[#result + 1] = { job.id, job.fence, leaseUntil, job.cancel and 1 or 0 }
end
return reply(result)
`,
});
