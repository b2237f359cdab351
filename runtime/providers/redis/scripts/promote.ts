import { gateKeeper } from "./gates.ts";
import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/** So many groups one call looks at besides those of the jobs that became due. */
const maxGroups = 500;

/**
 * Makes due scheduled jobs ready, the longest overdue first, and lets through whatever gates have room.
 *
 * ARGV[3]  limit
 * Returns  number of promoted jobs; runAt of the next one, empty if there is none; number of gates that were passed; 1 if
 *          there are more that may have room, else 0
 */
export const promote = defineScript("promote", {
  kind: "free",
  body: `${luaTransitions(["promote"])}${gateKeeper}openGates()
local due = call("ZRANGEBYSCORE", SCHEDULE, "-inf", now, "LIMIT", 0, tonumber(ARGV[3]))
local ids, promoted, touched = {}, 0, {}
for i, member in ipairs(due) do ids[i] = sub(member, 7) end
for i, job in ipairs(loadAll(ids)) do
  local t = job and T["promote"][job[STATE]]
  if t then
    apply(job, t)
    promoted = promoted + 1
    if job[KIND] >= GATED then touched[#touched + 1] = job end
  else
    call("ZREM", SCHEDULE, due[i])
  end
end
flushSets()
local first = call("ZRANGE", SCHEDULE, 0, 0, "WITHSCORES")

-- Groups that nobody has looked at since they may have room.
local opening = call("ZRANGEBYSCORE", P .. "opening", "-inf", now, "LIMIT", 0, ${maxGroups})
local passed = gates.admit(touched, opening)
gates.forgetStarts(${maxGroups})
local more = #call("ZRANGEBYSCORE", P .. "opening", "-inf", now, "LIMIT", 0, 1)
return reply({ promoted, first[2] and tonumber(first[2]) or "", passed, more })
`,
});
