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
local due = call("ZRANGEBYSCORE", P .. "scheduled", "-inf", now, "LIMIT", 0, tonumber(ARGV[3]))
local promoted = 0
for _, member in ipairs(due) do
  local job = load(idAt(seqOf(member)))
  if job then
    apply(job, T["promote"][job.state], {})
    save(job)
    promoted = promoted + 1
  else
    call("ZREM", P .. "scheduled", member)
  end
end
local first = call("ZRANGE", P .. "scheduled", 0, 0, "WITHSCORES")
return reply({ promoted, first[2] and tonumber(first[2]) or "" })
`,
});
