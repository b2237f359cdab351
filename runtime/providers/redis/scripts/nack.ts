import { attempts } from "./attempts.ts";
import { edgesAndGates } from "./edges.ts";
import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

const bounce = `  if job and (job[KIND] >= GATED or isNeeded(job)) then t = "gated" end
`;

/** What follows on an accepted rejection of a job with gates, or that others need. */
const letOthersOn = `
    if concerns(job) then letOn({ job }, ARGV[i + 6] ~= "1") end`;

function bodyOf({ withGates }: { readonly withGates: boolean }): string {
  const operations = ["nack-retry", "nack-dead", "nack-snooze", "nack-release", "nack-skip"] as const;
  return `${luaTransitions(operations)}${attempts}${withGates ? edgesAndGates : ""}
local result, ids, errors = {}, {}, {}
for i = 3, #ARGV, 7 do ids[#ids + 1] = ARGV[i] end
for place, job in ipairs(loadAll(ids)) do
  local i = 7 * place - 4
  local t = job and job[FENCE] == tonumber(ARGV[i + 1]) and (T[ARGV[i + 2]][situation(job)] or "alreadyDone")
${withGates ? "" : bounce}  if not t or type(t) == "string" then
    result[place] = t or "stale"
  else
    local delay = tonumber(ARGV[i + 3])
    if ARGV[i + 5] ~= "" then recordAttempt(job, ARGV[i + 5]) end
    apply(job, t, { delay = delay, runAt = delay and now + delay, reason = tonumber(ARGV[i + 4]) })${withGates ? letOthersOn : ""}
    if ARGV[i + 5] ~= "" then
      errors[#errors + 1] = ids[place]
      errors[#errors + 1] = ARGV[i + 5]
    end
    result[place] = "ok"
  end
end
many("HSET", P .. "errors", errors)
return reply(result)
`;
}

/**
 * Ends leases otherwise than with success.
 *
 * ARGV[3…] per rejection: id, fence, nack-retry | nack-dead | nack-snooze | nack-release | nack-skip, delay (empty: none),
 *          number of the reason, error as JSON (empty: none), 1 if its lease is gated, else 0
 * Returns  per rejection: ok | stale | alreadyDone | gated: that is for `nackGated`
 */
export const nack = defineScript("nack", { kind: "free", body: bodyOf({ withGates: false }) });

/** As `nack`; they let others on, one after the other; at their gates those whose leases are gated. */
export const nackGated = defineScript("nackGated", { kind: "free", body: bodyOf({ withGates: true }) });
