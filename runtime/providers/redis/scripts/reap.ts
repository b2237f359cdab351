import { attempts } from "./attempts.ts";
import { edgesAndGates } from "./edges.ts";
import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Ends expired leases, the longest expired first.
 *
 * ARGV[3]  limit
 * Returns  number of jobs that wait again; number of jobs that ended
 */
export const reap = defineScript("reap", {
  kind: "free",
  body: `${luaTransitions(["reap", "reap-crash-loop"])}${attempts}${edgesAndGates}local limit = tonumber(ARGV[3])
local expired = call("ZRANGEBYSCORE", LEASES, "-inf", "(" .. format("%.0f", now), "LIMIT", 0, limit)
local back, over, touched = 0, 0, {}
for _, claim in ipairs(expired) do
  for _, job in ipairs(heldBy(tonumber(claim))) do
    if back + over == limit then break end
    local operation = job[CRASHES] + 1 > job[MAX_CRASHES] and "reap-crash-loop" or "reap"
    recordAttempt(job, false)
    apply(job, T[operation][situation(job)])
    if concerns(job) then touched[#touched + 1] = job end
    if job[STATE] < SUCCEEDED then back = back + 1 else over = over + 1 end
  end
  if back + over == limit then break end
end
table.sort(touched, function(a, b) return a[SEQ] < b[SEQ] end)
letOn(touched)
return reply({ back, over })
`,
});
