import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Makes due scheduled jobs ready, the longest overdue first.
 *
 * ARGV[3]  limit
 * Returns  number of promoted jobs; runAt of the next one, empty if there is none
 */
export const promote = defineScript("promote", {
  kind: "free",
  body: `${luaTransitions(["promote"])}
local due = call("ZRANGEBYSCORE", SCHEDULE, "-inf", now, "LIMIT", 0, tonumber(ARGV[3]))
local ids, promoted = {}, 0
for i, member in ipairs(due) do ids[i] = sub(member, 7) end
for i, job in ipairs(loadAll(ids)) do
  local t = job and T["promote"][job[STATE]]
  if t then
    apply(job, t)
    promoted = promoted + 1
  else
    call("ZREM", SCHEDULE, due[i])
  end
end
writeSets()
local first = call("ZRANGE", SCHEDULE, 0, 0, "WITHSCORES")
return reply({ promoted, first[2] and tonumber(first[2]) or "" })
`,
});
