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
local result, ids = {}, {}
for i = 3, #ARGV, 3 do ids[#ids + 1] = ARGV[i] end
for place, job in ipairs(loadAll(ids)) do
  local i = 3 * place
  local t = job and job[FENCE] == tonumber(ARGV[i + 1]) and (T["report"][situation(job)] or "alreadyDone")
  if t and t ~= "alreadyDone" then
    job[PROGRESS] = tonumber(ARGV[i + 2])
    save(job)
    t = "ok"
  end
  result[place] = t or "stale"
end
return reply(result)
`,
});
