import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Ends expired leases, the longest expired first.
 *
 * ARGV[3]  limit
 * Returns  number of jobs that are ready again; number of jobs that ended
 */
export const reap = defineScript("reap", {
  kind: "free",
  body: `${luaTransitions(["reap", "reap-crash-loop"])}
local expired = call(
  "ZRANGEBYSCORE", LEASES, "-inf", "(" .. format("%.0f", now), "LIMIT", 0, tonumber(ARGV[3]))
local readied, ended = 0, 0
for _, member in ipairs(expired) do
  local job = load(string.match(member, "^(.*):%d+$"))
  if job and job.state == RUNNING then
    local operation = job.crashes + 1 > job.maxCrashes and "reap-crash-loop" or "reap"
    apply(job, T[operation][situation(job)], {})
    save(job)
    if job.state == READY then readied = readied + 1 else ended = ended + 1 end
  else
    call("ZREM", LEASES, member)
  end
end
return reply({ readied, ended })
`,
});
