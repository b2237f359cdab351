import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Ends leases otherwise than with success.
 *
 * ARGV[3…] per rejection: id, fence, nack-retry | nack-dead | nack-snooze | nack-release, delay (empty: none),
 *          reason, error as JSON (empty: none)
 * Returns  per rejection: ok | stale | alreadyDone
 */
export const nack = defineScript("nack", {
  kind: "free",
  body: `${luaTransitions(["nack-retry", "nack-dead", "nack-snooze", "nack-release"])}
local result = {}
for i = 3, #ARGV, 6 do
  local id = ARGV[i]
  local job = load(id)
  local t = job and job.fence == tonumber(ARGV[i + 1]) and (T[ARGV[i + 2]][situation(job)] or "alreadyDone")
  if not t or t == "alreadyDone" then
    result[#result + 1] = t or "stale"
  else
    local delay = tonumber(ARGV[i + 3])
    apply(job, t, { delay = delay, runAt = delay and now + delay, reason = ARGV[i + 4] })
    save(job)
    if ARGV[i + 5] ~= "" then call("HSET", P .. "errors", id, ARGV[i + 5]) end
    result[#result + 1] = "ok"
  end
end
return reply(result)
`,
});
