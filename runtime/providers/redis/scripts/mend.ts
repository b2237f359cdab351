import { edgesAndGates } from "./edges.ts";
import { defineScript } from "./script.ts";

/** So many jobs that are held one call looks at, and stops after so many edges. */
const maxJobs = 100;
const maxEdges = 500;

/**
 * Looks at some of the jobs that their needs hold, other ones each time, and mends what should not be: edges that are open
 * although the job that is needed has ended, or is gone, and jobs that wait although their edges are decided.
 *
 * Returns  number of jobs that moved
 */
export const mend = defineScript("mend", {
  kind: "free",
  body: `${edgesAndGates}
local HOLDING = P .. "held"
local after = call("HGET", KEYS[1], "mended") or "0"
local entries = call("ZRANGEBYSCORE", HOLDING, "(" .. after, "+inf", "WITHSCORES", "LIMIT", 0, ${maxJobs})
local moved, seen, last = 0, 0, nil

for i = 1, #entries, 2 do
  if seen > ${maxEdges} then break end
  local job = loadAll({ entries[i] })[1]
  last = entries[i + 1]
  if job and isHeld(job) then
    seen = seen + edges.mend(job)
    moved = moved + letOn({ job })
  else
    call("ZREM", HOLDING, entries[i])
  end
end
if last and (last ~= entries[#entries] or #entries == ${2 * maxJobs}) then
  call("HSET", KEYS[1], "mended", last)
else
  call("HDEL", KEYS[1], "mended")
end
return reply(moved)
`,
});
