import { edgesAndGates } from "./edges.ts";
import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/** So many ended jobs of which edges were left one call goes on with. */
const maxEnded = 100;

/** So many groups one call looks at besides those of the jobs that became due. */
const maxGroups = 500;

/**
 * Makes due scheduled jobs ready, the longest overdue first, and lets through whatever gates have room. Before that, goes on with ended jobs that too
 * many others need.
 *
 * ARGV[3]  limit
 * Returns  number of promoted jobs; runAt of the next one, empty if there is none; number of jobs that moved by
 *          edges or passed a gate; 1 if there is more to do, else 0
 */
export const promote = defineScript("promote", {
  kind: "free",
  body: `${luaTransitions(["promote"])}${edgesAndGates}local moved, undecided = edges.resume(${maxEnded})
openGatesOf({}, moved)
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
local passed = gates.admit(touched, opening) + #moved
gates.forgetStarts(${maxGroups})
local more = undecided or #call("ZRANGEBYSCORE", P .. "opening", "-inf", now, "LIMIT", 0, 1) > 0
return reply({ promoted, first[2] and tonumber(first[2]) or "", passed, more and 1 or 0 })
`,
});
