import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Stores the progress of running jobs.
 *
 * ARGV[3…] per report: id, fence, progress
 * Returns  per report: ok | stale | alreadyDone
 */
export const report = defineScript("report", {
  kind: "free",
  body: `${luaTransitions(["report"])}
local result = {}
for i = 3, #ARGV, 3 do
  local job = load(ARGV[i])
  local t = job and job.fence == tonumber(ARGV[i + 1]) and (T["report"][situation(job)] or "alreadyDone")
  if t and t ~= "alreadyDone" then
    job.progress = tonumber(ARGV[i + 2])
    save(job)
    t = "ok"
  end
  result[#result + 1] = t or "stale"
end
return reply(result)
`,
});
