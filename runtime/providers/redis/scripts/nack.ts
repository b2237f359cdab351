import { attempts } from "./attempts.ts";
import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Ends leases otherwise than with success.
 *
 * ARGV[3…] per rejection: id, fence, nack-retry | nack-dead | nack-snooze | nack-release, delay (empty: none),
 *          number of the reason, error as JSON (empty: none)
 * Returns  per rejection: ok | stale | alreadyDone
 */
export const nack = defineScript("nack", {
  kind: "free",
  body: `${luaTransitions(["nack-retry", "nack-dead", "nack-snooze", "nack-release"])}${attempts}
local result, ids, errors = {}, {}, {}
for i = 3, #ARGV, 6 do ids[#ids + 1] = ARGV[i] end
for place, job in ipairs(loadAll(ids)) do
  local i = 6 * place - 3
  local t = job and job[FENCE] == tonumber(ARGV[i + 1]) and (T[ARGV[i + 2]][situation(job)] or "alreadyDone")
  if not t or t == "alreadyDone" then
    result[place] = t or "stale"
  else
    local delay = tonumber(ARGV[i + 3])
    if ARGV[i + 5] ~= "" then recordAttempt(job, ARGV[i + 5]) end
    apply(job, t, { delay = delay, runAt = delay and now + delay, reason = tonumber(ARGV[i + 4]) })
    if ARGV[i + 5] ~= "" then
      errors[#errors + 1] = ids[place]
      errors[#errors + 1] = ARGV[i + 5]
    end
    result[place] = "ok"
  end
end
many("HSET", P .. "errors", errors)
return reply(result)
`,
});
